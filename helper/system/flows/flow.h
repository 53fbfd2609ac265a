/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel knows of one flow of this machine's.
 */
#pragma once

#include "core/facts/facts.h"
#include "core/ruleset/explain.h"
#include "system/netlink/sockets-owner.h"

G_BEGIN_DECLS

/* Asks connection tracking for this very flow, and sock_diag for its socket; reads no table.  @packet has the addresses
 * and ports of what is sent.  The group is left at DIVERT_GID_OTHER, and the control group at 0.  @ret_socket is for
 * divert_owners_hold() and the next one. */
gboolean divert_flow_find (const DivertPacket *packet, DivertFlowState *ret_flow, DivertSocket *ret_socket,
                           GError **error);
/* The number of the one of @units (DivertUnit) whose control group, or one below it, has @socket; 0: none.  Reads their
 * directories. */
guint64  divert_flow_find_unit (const DivertSocket *socket, const GPtrArray *units);

G_END_DECLS
