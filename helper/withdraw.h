/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Revokes the grant of a helper that ends, or has ended.
 */
#pragma once

#include "run/laying.h"

/* All return an exit status.  Of a helper that has ended: --withdraw. */
int      divert_withdraw (void);
/* Of this one. */
int      divert_withdraw_own (DivertLaying *laying);
/* Of one that is about to be killed because it did not react to the loss of @links (their indices, which live on): see
 * DivertSentinelLast. */
gpointer divert_withdraw_lost_begin (const guint *links, guint n_links);
/* @helper: a pidfd.  Drops also what waits at the links. */
int      divert_withdraw_lost_end (gpointer begun, int helper);
