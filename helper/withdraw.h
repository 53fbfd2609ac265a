/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --withdraw: what a helper that is no more has let go straight to an intranet is taken back.
 */
#pragma once

/* Returns an exit status. */
int divert_withdraw (void);
