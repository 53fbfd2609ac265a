/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What withdraw.c and withdraw-lost.c share.
 */
#pragma once

#include "run/laying.h"

/* Of the filters of @user_data, a DivertLaying; for divert_insist(). */
gboolean divert_withdraw_attempt (gpointer user_data, GError **error);
/* The exit status. */
int      divert_withdraw_tell (gboolean ok, const GError *error);
