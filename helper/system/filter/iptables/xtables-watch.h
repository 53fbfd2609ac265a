/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who uses the xtables lock.
 */
#pragma once

#include "system/base/touched.h"

G_BEGIN_DECLS

typedef struct DivertXtablesWatch DivertXtablesWatch;

/* @touched is called when somebody opens or closes the lock's file, we ourselves included.  Nothing is watched before
 * divert_xtables_watch_renew(). */
DivertXtablesWatch *divert_xtables_watch_new (DivertTouched touched, gpointer user_data);
void                divert_xtables_watch_free (DivertXtablesWatch *watch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertXtablesWatch, divert_xtables_watch_free)

/* Watches the file of that name, which is made if it is not there.  If that fails, nobody hears of it: a comparison now
 * and then finds what this does not. */
void                divert_xtables_watch_renew (DivertXtablesWatch *watch);

G_END_DECLS
