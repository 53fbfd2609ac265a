/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hears from logind that the machine is about to sleep, and holds it up until
 * direct access is revoked: it may wake up anywhere.
 */
#pragma once

#include "system/base/look-again.h"

G_BEGIN_DECLS

typedef struct DivertSleep DivertSleep;

/* Returns at once.  Where there is no logind, nothing is ever heard.  @changed is called when sleep
 * is near, and behind it. */
DivertSleep *divert_sleep_new (DivertLookAgain changed, gpointer user_data);
void         divert_sleep_free (DivertSleep *sleep);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertSleep, divert_sleep_free)

/* Is the machine about to sleep, or asleep? */
gboolean     divert_sleep_is_near (const DivertSleep *sleep);
/* The rules are ready for it.  (logind waits five seconds at most.) */
void         divert_sleep_allow (DivertSleep *sleep);

G_END_DECLS
