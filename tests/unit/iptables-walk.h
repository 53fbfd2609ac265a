/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sends packets through the rules of x_tables, as the kernel would.
 */
#pragma once

#include "core/ruleset/explain.h"
#include "system/filter/iptables/iptables-expansion.h"

G_BEGIN_DECLS

/* The rules by table, family, and the name of their chain. */
typedef struct
{
  GHashTable          *tables[DIVERT_XT_N_TABLES][DIVERT_N_FAMILIES];
  const DivertRouting *routing;
} IptablesChains;

/* Asserts that the kernel would take them.  @xt and @ruleset must outlive @chains. */
void        iptables_chains_init (IptablesChains *chains, const DivertXtRuleset *xt, const DivertRuleset *ruleset);
void        iptables_chains_clear (IptablesChains *chains);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (IptablesChains, iptables_chains_clear)

typedef struct
{
  DivertPath path;
  guint16    port;
  guint      steps; /* rules compared */
} IptablesWay;

/* The first packet of a program's own connection, as explain imagines it. */
IptablesWay iptables_walk (const IptablesChains *chains, const DivertPacket *packet);
/* … of one that came in by @interface. */
IptablesWay iptables_walk_forwarded (const IptablesChains *chains, const DivertPacket *packet, const char *interface);

G_END_DECLS
