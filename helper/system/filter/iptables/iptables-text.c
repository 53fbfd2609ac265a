/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the text form of the rules, which is that of iptables-save.  plan prints it, the golden
 * cases contain it, and the backend's tests compare it with the real program.
 *
 * Options are in the order in which iptables-legacy-save writes them: addresses, interfaces,
 * protocol, then the matches in the order of DivertXtRule's fields.
 */
#include "iptables-text.h"

#include "iptables-chains.h"
#include "iptables-expand.h"

#include <netinet/in.h>
#include <string.h>

static const struct
{
  guint8      protocol;
  const char *name;
  const char *match; /* the match's name after -m */
} protocols[] = {
  { IPPROTO_TCP, "tcp", "tcp" },
  { IPPROTO_UDP, "udp", "udp" },
  { IPPROTO_ICMP, "icmp", "icmp" },
  { IPPROTO_ICMPV6, "ipv6-icmp", "icmp6" },
};

static void
append_names (GString           *text,
              guint              bits,
              const char *const *names,
              guint              n_names)
{
  gboolean first = TRUE;

  for (guint i = 0; i < n_names; i++)
    if ((bits & (1u << i)) != 0)
      {
        g_string_append_printf (text, "%s%s", first ? "" : ",", names[i]);
        first = FALSE;
      }
}

static void
append_tcp_flags (GString *text,
                  guint8   flags)
{
  static const char *const names[] = { "FIN", "SYN", "RST", "PSH", "ACK", "URG" };

  append_names (text, flags, names, G_N_ELEMENTS (names));
}

static void
append_addrtypes (GString    *text,
                  const char *option,
                  guint       types)
{
  static const char *const names[] = { "UNSPEC", "UNICAST", "LOCAL", "BROADCAST", "ANYCAST", "MULTICAST" };

  if (types == 0)
    return;
  g_string_append_printf (text, " --%s ", option);
  append_names (text, types, names, G_N_ELEMENTS (names));
}

static void
append_mark (GString               *text,
             const char            *match,
             const DivertMarkMatch *mark)
{
  if (!mark->has)
    return;
  g_string_append_printf (text, " -m %s%s --mark 0x%x", match, mark->invert ? " !" : "", mark->value);
  if (mark->mask != G_MAXUINT32)
    g_string_append_printf (text, "/0x%x", mark->mask);
}

static void
append_prefix (GString            *text,
               const char         *option,
               const DivertPrefix *prefix)
{
  g_autofree char *cidr = divert_prefix_to_cidr (prefix);

  g_string_append_printf (text, " -%s %s", option, cidr);
}

static void
append_protocol_match (GString            *text,
                       const DivertXtRule *rule)
{
  const char *match = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (protocols); i++)
    if (protocols[i].protocol == rule->protocol)
      match = protocols[i].match;
  if (match == NULL || (rule->sport == 0 && rule->dport == 0 && !rule->has_tcp_flags && rule->icmpv6_type == 0))
    return;

  g_string_append_printf (text, " -m %s", match);
  if (rule->sport != 0)
    g_string_append_printf (text, " --sport %u", rule->sport);
  if (rule->dport != 0)
    g_string_append_printf (text, " --dport %u", rule->dport);
  if (rule->dport_last != 0)
    g_string_append_printf (text, ":%u", rule->dport_last);
  if (rule->has_tcp_flags)
    {
      g_string_append_printf (text, "%s --tcp-flags ", rule->tcp_flags_invert ? " !" : "");
      append_tcp_flags (text, rule->tcp_flags_mask);
      g_string_append_c (text, ' ');
      append_tcp_flags (text, rule->tcp_flags_value);
    }
  if (rule->icmpv6_type != 0)
    g_string_append_printf (text, " --icmpv6-type %u", rule->icmpv6_type);
}

/* In quotes, because it has a full stop.  A backslash is written twice there. */
static void
append_cgroup (GString    *text,
               const char *path)
{
  if (path == NULL)
    return;
  g_string_append (text, " -m cgroup --path \"");
  for (const char *c = path; *c != '\0'; c++)
    g_string_append_printf (text, *c == '\\' ? "\\%c" : "%c", *c);
  g_string_append_c (text, '"');
}

static void
append_matches (GString            *text,
                const DivertXtRule *rule)
{
  append_protocol_match (text, rule);
  append_mark (text, "mark", &rule->mark);
  append_mark (text, "connmark", &rule->connmark);
  if (rule->has_gid)
    g_string_append_printf (text, " -m owner --gid-owner %u", rule->gid);
  append_cgroup (text, rule->cgroup_path);
  if (rule->src_types != 0 || rule->dst_types != 0)
    g_string_append (text, " -m addrtype");
  append_addrtypes (text, "src-type", rule->src_types);
  append_addrtypes (text, "dst-type", rule->dst_types);
  if (rule->receiver != DIVERT_RECEIVER_ANY)
    g_string_append (text, rule->receiver == DIVERT_RECEIVER_SOMEBODY ? " -m socket --nowildcard" : " -m socket");
  if (rule->tagged)
    g_string_append (text, " -m comment --comment " DIVERT_XT_TAG);
}

static const char *const tproxy_addresses[DIVERT_N_FAMILIES][2] = {
  [DIVERT_FAMILY_IPV4] = { "0.0.0.0", "127.0.0.1" },
  [DIVERT_FAMILY_IPV6] = { "::", "::1" },
};

static void
append_target (GString            *text,
               const DivertXtRule *rule,
               DivertFamily        family)
{
  switch (rule->target)
    {
    case DIVERT_XT_RETURN:
      g_string_append (text, " -j RETURN");
      break;
    case DIVERT_XT_DROP:
      g_string_append (text, " -j DROP");
      break;
    case DIVERT_XT_JUMP:
      g_string_append_printf (text, " -j %s", rule->to);
      break;
    case DIVERT_XT_GOTO:
      g_string_append_printf (text, " -g %s", rule->to);
      break;
    case DIVERT_XT_MARK:
      g_string_append_printf (text, " -j MARK --set-xmark 0x%x/0x%x", rule->value, rule->mask);
      break;
    case DIVERT_XT_CONNMARK:
      g_string_append_printf (text, " -j CONNMARK --set-xmark 0x%x/0x%x", rule->value, rule->mask);
      break;
    case DIVERT_XT_TPROXY:
      g_string_append_printf (text, " -j TPROXY --on-port %u --on-ip %s --tproxy-mark 0x0/0x0", rule->port,
                              tproxy_addresses[family][rule->on_loopback != FALSE]);
      break;
    case DIVERT_XT_REDIRECT:
      g_string_append_printf (text, " -j REDIRECT --to-ports %u", rule->port);
      break;
    case DIVERT_XT_REJECT:
      g_string_append_printf (text, " -j REJECT --reject-with %s",
                              rule->protocol == IPPROTO_TCP ? "tcp-reset" :
                              family == DIVERT_FAMILY_IPV6 ? "icmp6-port-unreachable" : "icmp-port-unreachable");
      break;
    default:
      g_assert_not_reached ();
    }
}

char *
divert_xt_rule_to_text (const DivertXtRule *rule,
                        DivertFamily        family)
{
  g_autoptr(GString) text = g_string_new (NULL);

  g_string_append_printf (text, "-A %s", rule->chain);
  if (rule->has_source)
    append_prefix (text, "s", &rule->source);
  if (rule->has_destination)
    append_prefix (text, "d", &rule->destination);
  if (rule->in_interface[0] != '\0')
    g_string_append_printf (text, "%s -i %s", rule->in_invert ? " !" : "", rule->in_interface);
  if (rule->out_interface[0] != '\0')
    g_string_append_printf (text, "%s -o %s", rule->out_invert ? " !" : "", rule->out_interface);
  for (guint i = 0; i < G_N_ELEMENTS (protocols); i++)
    if (rule->protocol == protocols[i].protocol)
      g_string_append_printf (text, " -p %s", protocols[i].name);
  append_matches (text, rule);
  append_target (text, rule, family);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* Built-in chains in the kernel's order, then ours by name. */
static int
compare_chains (gconstpointer a,
                gconstpointer b)
{
  static const char *const hooks[] = { "PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING" };
  const char *x = *(const char *const *) a, *y = *(const char *const *) b;
  guint i = 0, j = 0;

  while (i < G_N_ELEMENTS (hooks) && !g_str_equal (hooks[i], x))
    i++;
  while (j < G_N_ELEMENTS (hooks) && !g_str_equal (hooks[j], y))
    j++;
  if (i != j)
    return i < j ? -1 : 1;
  return strcmp (x, y);
}

static GPtrArray *
ensure_lines (GHashTable *chains,
              const char *chain)
{
  GPtrArray *lines = g_hash_table_lookup (chains, chain);

  if (lines == NULL)
    {
      lines = g_ptr_array_new_with_free_func (g_free);
      g_hash_table_insert (chains, (gpointer) chain, lines);
    }
  return lines;
}

/* Chain name → GPtrArray of its rules' lines.  A chain that is only led to is there, too. */
static GHashTable *
collect_chains (const GArray  *rules,
                DivertFamily   family,
                DivertXtTable  table)
{
  GHashTable *chains = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) g_ptr_array_unref);

  for (guint i = 0; i < rules->len; i++)
    {
      const DivertXtRule *rule = divert_xt_rules_index (rules, i);

      if (rule->table != table)
        continue;
      g_ptr_array_add (ensure_lines (chains, rule->chain), divert_xt_rule_to_text (rule, family));
      if (rule->target == DIVERT_XT_JUMP || rule->target == DIVERT_XT_GOTO)
        ensure_lines (chains, rule->to);
    }
  return chains;
}

char *
divert_xt_table_to_text (const GArray  *rules,
                         DivertFamily   family,
                         DivertXtTable  table)
{
  g_autoptr(GString) text = g_string_new (NULL);
  g_autoptr(GHashTable) chains = collect_chains (rules, family, table);
  g_autoptr(GPtrArray) names = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer name;

  g_hash_table_iter_init (&iter, chains);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    g_ptr_array_add (names, name);
  g_ptr_array_sort (names, compare_chains);

  g_string_append_printf (text, "*%s\n", divert_xt_table_name (table));
  for (guint i = 0; i < names->len; i++)
    if (divert_xt_is_own (table, names->pdata[i]))
      g_string_append_printf (text, ":%s - [0:0]\n", (const char *) names->pdata[i]);
  for (guint i = 0; i < names->len; i++)
    {
      const GPtrArray *lines = g_hash_table_lookup (chains, names->pdata[i]);

      for (guint j = 0; j < lines->len; j++)
        g_string_append_printf (text, "%s\n", (const char *) lines->pdata[j]);
    }
  g_string_append (text, "COMMIT\n");
  return g_string_free (g_steal_pointer (&text), FALSE);
}

char *
divert_xt_to_text (const DivertRuleset *ruleset)
{
  g_autoptr(DivertXtRuleset) xt = divert_xt_ruleset_new (ruleset);
  g_autoptr(GString) text = g_string_new (NULL);

  if (divert_ruleset_is_empty (ruleset))
    return g_strdup ("# no rules\n");

  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      g_autofree char *routing = divert_routing_to_text (&ruleset->routing, family);

      if ((ruleset->routing.families & (1 << family)) == 0)
        continue;
      g_string_append_printf (text, "# %s\n", divert_family_name (family));
      for (guint table = 0; table < DIVERT_XT_N_TABLES; table++)
        {
          g_autofree char *save = divert_xt_table_to_text (xt->rules[family], family, table);

          if (table != DIVERT_XT_FILTER || divert_xt_rules_use (xt->rules[family], table))
            g_string_append (text, save);
        }
      g_string_append (text, routing);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static gboolean
concerns (const DivertXtRule *xt,
          const DivertPacket *packet)
{
  return (!xt->has_destination || divert_prefix_contains (&xt->destination, &packet->destination)) &&
         (!xt->has_source || (packet->has_source && divert_prefix_contains (&xt->source, &packet->source))) &&
         (xt->protocol == 0 || xt->protocol == packet->protocol);
}

void
divert_xt_describe (const DivertRuleset *ruleset,
                    const DivertRule    *rule,
                    const DivertPacket  *packet,
                    DivertRuleText      *ret_text)
{
  g_autoptr(DivertXtRuleset) xt = divert_xt_ruleset_new (ruleset);
  const GArray *rules = xt->rules[packet->destination.family];
  const gboolean rejects = rule->verdict == DIVERT_VERDICT_REFUSE && !divert_rule_refuses_by_redirection (rule);

  for (guint i = 0; i < rules->len; i++)
    {
      const DivertXtRule *candidate = divert_xt_rules_index (rules, i);

      if (candidate->origin != rule || !concerns (candidate, packet) ||
          rejects != (candidate->table == DIVERT_XT_FILTER))
        continue;
      ret_text->table = g_strdup (divert_xt_table_name (candidate->table));
      ret_text->chain = g_strdup (candidate->chain);
      ret_text->text = divert_xt_rule_to_text (candidate, packet->destination.family);
      return;
    }
}
