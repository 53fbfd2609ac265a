/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lock that all iptables programs share: /run/xtables.lock, with flock(2).
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A held lock; -1: none. */
typedef int DivertXtablesLock;

/* The path of the lock's file; static. */
const char *divert_xtables_lock_get_path (void);
/* Opens the file, and creates it if necessary, as every program that takes the lock does.  -1 on failure,
 * with errno set. */
int         divert_xtables_lock_open (void);
/* Waits at most 50 ms for it.  If somebody holds it for longer: DIVERT_BACKEND_ERROR_BUSY. */
gboolean    divert_xtables_lock_acquire (DivertXtablesLock *ret_lock, GError **error);
void        divert_xtables_lock_release (DivertXtablesLock lock);
G_DEFINE_AUTO_CLEANUP_FREE_FUNC (DivertXtablesLock, divert_xtables_lock_release, -1)

G_END_DECLS
