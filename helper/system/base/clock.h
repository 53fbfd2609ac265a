/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the clocks that decide when a mode ends.
 */
#pragma once

#include "core/place/mode.h"

G_BEGIN_DECLS

/* @ret_now->boot is static; NULL if the kernel does not report it. */
void divert_clock_read (DivertClock *ret_now);

G_END_DECLS
