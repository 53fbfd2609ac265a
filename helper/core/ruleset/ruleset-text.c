/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the ruleset's own text form, one line per rule, and the routing as ip commands.
 *
 *   judge: IPv4 udp sport 68 dport 67: leave  # DHCP is left alone
 *
 * The chain comes first, then what must match (beginning with the family, unless it is both), then
 * the verdict and why.
 */
#include "precedence.h"
#include "ruleset.h"

static void
append_bits (GString           *text,
             guint              bits,
             const char *const *names,
             guint              n_names)
{
  const char *separator = " ";

  for (guint i = 0; i < n_names; i++)
    if ((bits & (1u << i)) != 0)
      {
        g_string_append_printf (text, "%s%s", separator, names[i]);
        separator = ",";
      }
}

static void
append_protocols (GString *text,
                  guint    protocols)
{
  const char *names[DIVERT_N_PROTOCOLS];

  for (guint i = 0; i < DIVERT_N_PROTOCOLS; i++)
    names[i] = divert_protocol_name (1 << i);
  append_bits (text, protocols, names, DIVERT_N_PROTOCOLS);
}

static void
append_prefixes (GString      *text,
                 const char   *word,
                 const GArray *prefixes)
{
  g_autofree char *list = prefixes != NULL ? divert_prefixes_to_string (prefixes) : NULL;

  if (list != NULL)
    g_string_append_printf (text, " %s %s", word, list);
}

static void
append_interface (GString    *text,
                  const char *word,
                  gboolean    invert,
                  const char *interface)
{
  if (interface[0] != '\0')
    g_string_append_printf (text, "%s %s %s", invert ? " not" : "", word, interface);
}

static void
append_mac (GString          *text,
            const DivertRule *rule)
{
  g_autofree char *mac = rule->has_mac ? divert_mac_to_string (&rule->mac) : NULL;

  if (mac != NULL)
    g_string_append_printf (text, " mac %s", mac);
}

static void
append_ports (GString          *text,
              const DivertRule *rule)
{
  if (rule->sport != 0)
    g_string_append_printf (text, " sport %u", rule->sport);
  if (rule->dport != 0)
    g_string_append_printf (text, " dport %u", rule->dport);
  if (rule->dports != NULL)
    {
      g_autofree char *list = divert_ports_to_string (rule->dports);

      g_string_append_printf (text, " dport %s", list);
    }
}

static void
append_tcp_flags (GString          *text,
                  const DivertRule *rule)
{
  static const char *const names[] = { "fin", "syn", "rst", "psh", "ack", "urg" };

  if (!rule->has_tcp_flags)
    return;
  g_string_append (text, rule->tcp_flags_invert ? " not flags" : " flags");
  append_bits (text, rule->tcp_flags_value, names, G_N_ELEMENTS (names));
  g_string_append (text, " of");
  append_bits (text, rule->tcp_flags_mask, names, G_N_ELEMENTS (names));
}

static void
append_mark (GString               *text,
             const char            *word,
             const DivertMarkMatch *mark)
{
  if (mark->has)
    g_string_append_printf (text, "%s %s 0x%x/0x%x", mark->invert ? " not" : "", word, mark->value, mark->mask);
}

static void
append_addrtypes (GString    *text,
                  const char *word,
                  guint       types)
{
  static const char *const names[] = { "unspec", "unicast", "local", "broadcast", "anycast", "multicast" };

  if (types == 0)
    return;
  g_string_append_printf (text, " %s", word);
  append_bits (text, types, names, G_N_ELEMENTS (names));
}

static void
append_matches (GString          *text,
                const DivertRule *rule)
{
  if (rule->families != DIVERT_FAMILIES_BOTH)
    g_string_append_printf (text, " %s", divert_family_name (rule->families == DIVERT_FAMILIES_IPV6));
  append_interface (text, "in", rule->in_invert, rule->in_interface);
  append_interface (text, "out", rule->out_invert, rule->out_interface);
  append_mac (text, rule);
  append_prefixes (text, "from", rule->sources);
  append_prefixes (text, rule->destinations_invert ? "not to" : "to", rule->destinations);
  append_protocols (text, rule->protocols);
  append_ports (text, rule);
  append_tcp_flags (text, rule);
  if (rule->icmpv6_type != 0)
    g_string_append_printf (text, " type %u", rule->icmpv6_type);
  append_mark (text, "mark", &rule->mark);
  append_mark (text, "connmark", &rule->connmark);
  if (rule->has_gid)
    g_string_append_printf (text, " group %u", rule->gid);
  if (rule->cgroup != 0)
    g_string_append_printf (text, " cgroup %s", rule->cgroup_path);
  append_addrtypes (text, "from-type", rule->src_types);
  append_addrtypes (text, "to-type", rule->dst_types);
  if (rule->receiver != DIVERT_RECEIVER_ANY)
    g_string_append (text, rule->receiver == DIVERT_RECEIVER_BOUND ? " to a bound socket" : " to a socket");
}

static void
append_verdict (GString          *text,
                const DivertRule *rule)
{
  static const char *const names[] = {
    [DIVERT_VERDICT_LEAVE] = "leave",       [DIVERT_VERDICT_DROP] = "drop",     [DIVERT_VERDICT_JUMP] = "jump",
    [DIVERT_VERDICT_GOTO] = "goto",         [DIVERT_VERDICT_MARK] = "mark",     [DIVERT_VERDICT_MARK_LEAVE] = "mark",
    [DIVERT_VERDICT_CONNMARK] = "connmark", [DIVERT_VERDICT_TPROXY] = "tproxy", [DIVERT_VERDICT_REDIRECT] = "redirect",
    [DIVERT_VERDICT_REFUSE] = "refuse",
  };

  g_string_append_printf (text, ": %s", names[rule->verdict]);
  if (rule->verdict == DIVERT_VERDICT_JUMP || rule->verdict == DIVERT_VERDICT_GOTO)
    g_string_append_printf (text, " %s", divert_chain_name (rule->to));
  if (rule->verdict == DIVERT_VERDICT_MARK || rule->verdict == DIVERT_VERDICT_MARK_LEAVE ||
      rule->verdict == DIVERT_VERDICT_CONNMARK)
    g_string_append_printf (text, " 0x%x/0x%x", rule->value, rule->mask);
  if (rule->verdict == DIVERT_VERDICT_MARK_LEAVE)
    g_string_append (text, ", leave");
  if (rule->port != 0)
    g_string_append_printf (text, " %u", rule->port);
  if (rule->on_loopback)
    g_string_append (text, " on loopback");
}

char *
divert_ruleset_to_text (const DivertRuleset *ruleset)
{
  g_autoptr(GString) text = g_string_new (NULL);

  for (guint chain = 0; chain < DIVERT_N_CHAINS; chain++)
    for (guint i = 0; i < ruleset->rules->len; i++)
      {
        const DivertRule *rule = g_ptr_array_index (ruleset->rules, i);

        if (rule->chain != chain)
          continue;
        g_string_append_printf (text, "%s%s:", chain < DIVERT_N_HOOKS ? "hook " : "", divert_chain_name (chain));
        append_matches (text, rule);
        append_verdict (text, rule);
        g_string_append_printf (text, "%s%s\n", rule->why != NULL ? "  # " : "", rule->why != NULL ? rule->why : "");
      }
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    if ((ruleset->routing.families & (1 << family)) != 0)
      {
        g_autofree char *routing = divert_routing_to_text (&ruleset->routing, family);

        g_string_append (text, routing);
      }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

const char *
divert_routing_get_loopback (DivertFamily family)
{
  return family == DIVERT_FAMILY_IPV6 ? "::1" : "127.0.0.0/8";
}

/* @usual: the priority that needs no mention. */
static void
append_rule_end (GString *text,
                 guint32  priority,
                 guint32  usual)
{
  if (priority != usual)
    g_string_append_printf (text, " priority %u", priority);
  g_string_append_printf (text, " protocol %u\n", DIVERT_ROUTE_PROTOCOL);
}

char *
divert_routing_to_text (const DivertRouting *routing,
                        DivertFamily         family)
{
  g_autoptr(GString) text = g_string_new (NULL);
  const char *ip = family == DIVERT_FAMILY_IPV6 ? "ip -6" : "ip";
  const guint32 table = routing->table;

  g_string_append_printf (text, "# %s rule add fwmark 0x%x/0x%x lookup %u", ip, routing->mark, routing->mask, table);
  append_rule_end (text, routing->priorities[family], DIVERT_RULE_PRIORITY);
  if (routing->names)
    {
      g_string_append_printf (text, "# %s rule add to %s lookup %u", ip, divert_routing_get_loopback (family), table);
      append_rule_end (text, routing->names_priorities[family], DIVERT_NAMES_PRIORITY);
    }
  g_string_append_printf (text, "# %s route add local default dev lo table %u protocol %u\n", ip, table,
                          DIVERT_ROUTE_PROTOCOL);
  for (char **uplink = routing->uplinks; *uplink != NULL; uplink++)
    g_string_append_printf (text, "# %s route append local default dev %s table %u protocol %u\n", ip, *uplink, table,
                            DIVERT_ROUTE_PROTOCOL);
  return g_string_free (g_steal_pointer (&text), FALSE);
}
