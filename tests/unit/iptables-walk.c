/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns: how the kernel's legacy tables treat the first packet of a connection.  See iptables-walk.h. */
#include "iptables-walk.h"

#include "iptables-kernel.h"

#define TCP_SYN 0x02

static GHashTable *
index_chains (const GArray  *rules,
              DivertXtTable  table)
{
  GHashTable *chains = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) g_ptr_array_unref);

  for (guint i = 0; i < rules->len; i++)
    {
      DivertXtRule *rule = divert_xt_rules_index (rules, i);
      GPtrArray *chain = g_hash_table_lookup (chains, rule->chain);

      if (rule->table != table)
        continue;
      if (chain == NULL)
        {
          chain = g_ptr_array_new ();
          g_hash_table_insert (chains, rule->chain, chain);
        }
      g_ptr_array_add (chain, rule);
    }
  return chains;
}

/* Rules in a loop must not be walked. */
void
iptables_chains_init (IptablesChains        *chains,
                      const DivertXtRuleset *xt,
                      const DivertRuleset   *ruleset)
{
  iptables_kernel_take (xt);
  chains->routing = &ruleset->routing;
  for (guint table = 0; table < DIVERT_XT_N_TABLES; table++)
    for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
      chains->tables[table][family] = index_chains (xt->rules[family], table);
}

void
iptables_chains_clear (IptablesChains *chains)
{
  for (guint table = 0; table < DIVERT_XT_N_TABLES; table++)
    for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
      g_hash_table_unref (chains->tables[table][family]);
}

typedef struct
{
  GHashTable         *chains;
  const DivertPacket *packet;
  const char         *in, *out;
  guint32             mark, connmark;
  guint               steps;
  const DivertXtRule *last;   /* the last rule that had a verdict */
} Walk;

static gboolean
matches_mark (const DivertMarkMatch *match,
              guint32                mark)
{
  return !match->has || ((mark & match->mask) == match->value) != match->invert;
}

/* Does it match the first packet of a program's own connection, as explain imagines it? */
static gboolean
matches (const Walk         *walk,
         const DivertXtRule *rule)
{
  const DivertPacket *packet = walk->packet;

  return (rule->protocol == 0 || rule->protocol == packet->protocol) &&
         (rule->in_interface[0] == '\0' || g_str_equal (rule->in_interface, walk->in) != rule->in_invert) &&
         (rule->out_interface[0] == '\0' || g_str_equal (rule->out_interface, walk->out) != rule->out_invert) &&
         (!rule->has_source || (packet->has_source && divert_prefix_contains (&rule->source, &packet->source))) &&
         (!rule->has_destination || divert_prefix_contains (&rule->destination, &packet->destination)) &&
         rule->sport == 0 && (rule->dport == 0 || rule->dport == packet->port) &&
         (!rule->has_tcp_flags ||
          ((TCP_SYN & rule->tcp_flags_mask) == rule->tcp_flags_value) != rule->tcp_flags_invert) &&
         rule->icmpv6_type == 0 && matches_mark (&rule->mark, walk->mark) &&
         matches_mark (&rule->connmark, walk->connmark) && !rule->has_gid && rule->cgroup_path == NULL &&
         (rule->dst_types == 0 || (rule->dst_types & packet->destination_type) != 0);
}

/* Returns the verdict, if it is not RETURN, or NULL. */
static const DivertXtRule *
walk_chain (Walk       *walk,
            const char *name)
{
  const GPtrArray *rules = g_hash_table_lookup (walk->chains, name);

  for (guint i = 0; rules != NULL && i < rules->len; i++)
    {
      const DivertXtRule *rule = rules->pdata[i], *verdict;

      walk->steps++;
      if (!matches (walk, rule))
        continue;
      switch (rule->target)
        {
        case DIVERT_XT_RETURN:
          walk->last = rule;
          return NULL;
        case DIVERT_XT_GOTO:
          return walk_chain (walk, rule->to);
        case DIVERT_XT_JUMP:
          verdict = walk_chain (walk, rule->to);
          if (verdict != NULL)
            return verdict;
          break;
        case DIVERT_XT_MARK:
          walk->mark = (walk->mark & ~rule->mask) | rule->value;
          walk->last = rule;
          break;
        case DIVERT_XT_CONNMARK:
          walk->connmark = (walk->connmark & ~rule->mask) | rule->value;
          break;
        case DIVERT_XT_DROP:
        case DIVERT_XT_TPROXY:
        case DIVERT_XT_REDIRECT:
        default:
          walk->last = rule;
          return rule;
        }
    }
  return NULL;
}

static const DivertXtRule *
walk_hook (Walk                 *walk,
           const IptablesChains *chains,
           DivertXtTable         table,
           const char           *hook)
{
  walk->chains = chains->tables[table][walk->packet->destination.family];
  return walk_chain (walk, hook);
}

static IptablesWay
redirect (const DivertXtRule *verdict,
          guint               steps)
{
  if (verdict->port == DIVERT_PORT_CLOSED)
    return (IptablesWay) { DIVERT_PATH_BLOCK, 0, steps };
  return (IptablesWay) { DIVERT_PATH_DNS, verdict->port, steps };
}

/* Where nobody listens, TPROXY drops (K3.5). */
static IptablesWay
deliver (const DivertXtRule *verdict,
         guint               steps)
{
  if (verdict->target == DIVERT_XT_TPROXY && verdict->origin->verdict != DIVERT_VERDICT_REFUSE)
    return (IptablesWay) { DIVERT_PATH_DIVERT, verdict->port, steps };
  return (IptablesWay) { DIVERT_PATH_BLOCK, 0, steps };
}

IptablesWay
iptables_walk (const IptablesChains *chains,
               const DivertPacket   *packet)
{
  Walk walk = { .packet = packet, .in = "", .out = packet->out_interface };
  const DivertXtRule *verdict = walk_hook (&walk, chains, DIVERT_XT_MANGLE, "OUTPUT");
  const DivertRouting *routing = chains->routing;

  if (verdict != NULL)
    return (IptablesWay) { DIVERT_PATH_BLOCK, 0, walk.steps };
  verdict = walk_hook (&walk, chains, DIVERT_XT_NAT, "OUTPUT");
  if (verdict != NULL)
    return redirect (verdict, walk.steps);
  if ((walk.mark & routing->mask) == routing->mark)
    {
      walk.out = "lo";
      if (walk_hook (&walk, chains, DIVERT_XT_FILTER, "OUTPUT") != NULL)
        return (IptablesWay) { DIVERT_PATH_BLOCK, 0, walk.steps };
      walk.in = "lo";
      walk.out = "";
      verdict = walk_hook (&walk, chains, DIVERT_XT_MANGLE, "PREROUTING");
      g_assert_nonnull (verdict);
      return deliver (verdict, walk.steps);
    }
  if (walk_hook (&walk, chains, DIVERT_XT_MANGLE, "POSTROUTING") != NULL)
    return (IptablesWay) { DIVERT_PATH_BLOCK, 0, walk.steps };
  return (IptablesWay) { DIVERT_PATH_DIRECT, 0, walk.steps };
}

IptablesWay
iptables_walk_forwarded (const IptablesChains *chains,
                         const DivertPacket   *packet,
                         const char           *interface)
{
  Walk walk = { .packet = packet, .in = interface, .out = "" };
  const DivertXtRule *verdict = walk_hook (&walk, chains, DIVERT_XT_MANGLE, "PREROUTING");

  if (verdict != NULL)
    return deliver (verdict, 0);
  verdict = walk_hook (&walk, chains, DIVERT_XT_NAT, "PREROUTING");
  if (verdict != NULL)
    return redirect (verdict, 0);
  return (IptablesWay) { DIVERT_PATH_DIRECT, 0, 0 };
}
