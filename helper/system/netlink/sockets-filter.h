/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel leaves out when it lists connections (INET_DIAG_REQ_BYTECODE).
 */
#pragma once

#include "core/words/ports.h"
#include "netlink.h"

G_BEGIN_DECLS

/* Leaves only sockets that have never been bound to a port by their program, whose port is outside of @ephemeral, and
 * whose remote is none of @not_to (DivertPrefix; IPv4's also in IPv6 form).  @ephemeral may come a little short. */
void divert_socket_filter_put (DivertNetlinkMessage *msg, const DivertPorts *ephemeral, const GArray *not_to);

G_END_DECLS
