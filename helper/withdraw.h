/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Revokes the grant of a helper that ends, or has ended.
 */
#pragma once

#include "run/laying.h"

/* All return an exit status.  Of a helper that has ended: --withdraw. */
int divert_withdraw (void);
/* Of @helper (a pidfd), which was killed because it did not react to the loss of @links (their indices): drops also
 * what waits there. */
int divert_withdraw_lost (int helper, const guint *links, guint n_links);
/* Of this one. */
int divert_withdraw_own (DivertLaying *laying);
