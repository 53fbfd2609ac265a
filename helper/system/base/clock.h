/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the clocks that decide when a mode ends, and how much processor time something takes.
 */
#pragma once

#include "core/place/mode.h"

G_BEGIN_DECLS

/* @ret_now->boot is static; NULL if the kernel does not report it. */
void   divert_clock_read (DivertClock *ret_now);
/* What this thread has used, in µs. */
gint64 divert_clock_get_processor_time (void);

G_END_DECLS
