/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How busy the machine is.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How many threads want each processor at this moment, at least 1: so many times longer do ordinary programs take for
 * what they do. */
double divert_crowd_read (void);

G_END_DECLS
