/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which sockets belong to the proxy: those that a process in its group has open.  /proc tells that;
 * the kernel itself reports only a socket's user.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct DivertOwners DivertOwners;

/* Reads all processes once.  The group must be the process's own, as the owner match sees it, not a
 * supplementary one: a person may be in the proxy's group only to read its configuration. */
DivertOwners *divert_owners_read (guint32 gid);
void          divert_owners_free (DivertOwners *owners);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertOwners, divert_owners_free)

/* Also TRUE if there is a process in the group whose descriptors we may not read, and the socket's user
 * is that process's. */
gboolean      divert_owners_hold (const DivertOwners *owners, guint32 inode, guint32 uid);

G_END_DECLS
