/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which sockets belong to the proxy: those that a process in its group has open.  /proc tells that, to those who may
 * trace the process.  Without that right, the socket's user and control group have to do, which the kernel reports to
 * everybody (K2.5).
 */
#pragma once

#include "sockets-diag.h"

G_BEGIN_DECLS

typedef struct DivertOwners DivertOwners;

/* Reads all processes once.  The group must be the process's own, as the owner match sees it, not a
 * supplementary one: a person may be in the proxy's group only to read its configuration.  @gid G_MAXUINT32: none.
 * @unit is the path of the control group of the proxy's unit, which may have made others below it; NULL: none. */
DivertOwners *divert_owners_read (guint32 gid, const char *unit);
void          divert_owners_free (DivertOwners *owners);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertOwners, divert_owners_free)

/* Also TRUE if there is a process in the group whose descriptors we may not read, and the socket's user and control
 * group are that process's.  A control group that is not known counts as the same. */
gboolean      divert_owners_hold (const DivertOwners *owners, const DivertSocket *socket);

G_END_DECLS
