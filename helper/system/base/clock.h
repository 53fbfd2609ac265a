/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What time it is, by the clocks that a mode's end is told by.
 */
#pragma once

#include "core/place/mode.h"

G_BEGIN_DECLS

/* @ret_now->boot is static; NULL if the kernel does not tell. */
void divert_clock_read (DivertClock *ret_now);

G_END_DECLS
