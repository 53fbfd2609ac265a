/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Learns from logind that the machine is about to sleep, and delays that until direct access is
 * revoked, because the machine may wake up anywhere.
 */
#pragma once

#include "system/base/look-again.h"

G_BEGIN_DECLS

typedef struct DivertSleep DivertSleep;

/* Returns at once.  Without logind it never reports anything.  Calls @changed before a sleep and after it. */
DivertSleep *divert_sleep_new (DivertLookAgain changed, gpointer user_data);
void         divert_sleep_free (DivertSleep *sleep);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertSleep, divert_sleep_free)

/* Is the machine about to sleep, or asleep? */
gboolean     divert_sleep_is_near (const DivertSleep *sleep);
/* The rules are ready, so let the machine sleep.  (logind waits at most five seconds.) */
void         divert_sleep_allow (DivertSleep *sleep);

G_END_DECLS
