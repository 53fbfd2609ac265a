/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NetworkManager's part of the facts, through libnm: the active connections with UUID, id, zone,
 * type, device, activation, security and access point.  It listens for changes (including those of
 * a profile, which the dispatcher does not report) and says "look again".
 */
#pragma once

#include "core/facts/facts.h"
#include "system/base/look-again.h"

G_BEGIN_DECLS

typedef struct DivertNetwork DivertNetwork;

/* Returns at once.  The first call of @changed comes when NetworkManager has been read, or was found not running. */
DivertNetwork *divert_network_new (DivertLookAgain changed, gpointer user_data);
void           divert_network_free (DivertNetwork *network);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertNetwork, divert_network_free)

/* Has NetworkManager been read, including what it has applied, or was it found not running? */
gboolean       divert_network_is_ready (const DivertNetwork *network);
/* Is there a bus by which it can be heard? */
gboolean       divert_network_is_heard (const DivertNetwork *network);
/* Fills in nm_running and the connections. */
void           divert_network_gather (const DivertNetwork *network, DivertFacts *facts);

G_END_DECLS
