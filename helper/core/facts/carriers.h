/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What carries a device of software: the ports of a bridge, a bond or a team; what a VLAN or a macvlan is on.
 */
#pragma once

#include "facts.h"

G_BEGIN_DECLS

/* The links (DivertLink, owned by @facts) with a cable or a radio that carry @link, through however many others.  Empty
 * for a link that has hardware itself. */
GPtrArray *divert_facts_find_carriers (const DivertFacts *facts, const DivertLink *link);
/* Is @connection's device one of software, and carried by one with a cable or a radio? */
gboolean   divert_facts_is_carried (const DivertFacts *facts, const DivertConnection *connection);

G_END_DECLS
