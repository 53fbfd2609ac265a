/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between networkmanager.c, which watches, and networkmanager-connection.c, which reads.
 */
#pragma once

#include <NetworkManager.h>

#include "core/facts/facts.h"

G_BEGIN_DECLS

/* Of @active as @device has it.  NULL: it has no device. */
DivertConnection *divert_network_make_connection (NMClient *client, NMActiveConnection *active, NMDevice *device);

G_END_DECLS
