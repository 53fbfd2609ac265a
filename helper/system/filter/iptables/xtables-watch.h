/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who uses the xtables lock.
 */
#pragma once

#include "system/base/touched.h"

G_BEGIN_DECLS

typedef struct DivertXtablesWatch DivertXtablesWatch;

/* Calls @touched when somebody, including ourselves, opens or closes the lock's file.  Watches nothing
 * before divert_xtables_watch_renew(). */
DivertXtablesWatch *divert_xtables_watch_new (DivertTouched touched, gpointer user_data);
void                divert_xtables_watch_free (DivertXtablesWatch *watch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertXtablesWatch, divert_xtables_watch_free)

/* Watches the file that currently has the name, and creates it if necessary.  If that fails, there are no
 * calls; an occasional comparison finds what this misses. */
void                divert_xtables_watch_renew (DivertXtablesWatch *watch);

G_END_DECLS
