/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --withdraw: revokes the grant of a helper that has ended.
 */
#pragma once

/* Returns an exit status. */
int divert_withdraw (void);
