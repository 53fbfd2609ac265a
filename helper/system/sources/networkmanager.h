/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NetworkManager's part of the facts, by libnm: the active connections with
 * UUID, id, zone, type, device, activation, security and access point.  It
 * listens for changes (also for a profile's, of which the dispatcher says
 * nothing) and says "look again".
 */
#pragma once

#include "core/facts/facts.h"
#include "system/base/look-again.h"

G_BEGIN_DECLS

typedef struct DivertNetwork DivertNetwork;

/* Returns at once; the first change is called when NetworkManager has been read, or found not running. */
DivertNetwork *divert_network_new (DivertLookAgain changed, gpointer user_data);
void           divert_network_free (DivertNetwork *network);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertNetwork, divert_network_free)

/* Has NetworkManager been read (or found not running), with what it has applied? */
gboolean       divert_network_is_ready (const DivertNetwork *network);
/* Fills nm_running and the connections. */
void           divert_network_gather (const DivertNetwork *network, DivertFacts *facts);

G_END_DECLS
