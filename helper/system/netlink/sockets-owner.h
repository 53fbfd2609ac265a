/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which sockets belong to the proxy: those that a process of its group holds
 * (/proc; the kernel itself tells a socket's user only).
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct DivertOwners DivertOwners;

/* Looks through all processes, once.  The group is a process's own, as the owner match sees it, not
 * a supplementary one: a person may be in the proxy's group to read its configuration. */
DivertOwners *divert_owners_read (guint32 gid);
void          divert_owners_free (DivertOwners *owners);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertOwners, divert_owners_free)

/* TRUE also if a process of the group cannot be looked into, and the socket's user is its user. */
gboolean      divert_owners_hold (const DivertOwners *owners, guint32 inode, guint32 uid);

G_END_DECLS
