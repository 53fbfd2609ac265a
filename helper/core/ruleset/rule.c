/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: creating, copying, freeing and comparing rules, and the names of chains and protocols.
 */
#include "ruleset.h"

#include <netinet/in.h>

#include "core/words/protocol.h"

/* The flags that --syn looks at. */
#define TCP_SYN_MASK (DIVERT_TCP_FIN | DIVERT_TCP_SYN | DIVERT_TCP_RST | DIVERT_TCP_ACK)

static const char *const chains[] = {
  [DIVERT_HOOK_OUTPUT] = "output",
  [DIVERT_HOOK_DELIVER] = "deliver",
  [DIVERT_HOOK_AGAIN] = "again",
  [DIVERT_HOOK_ARRIVE] = "arrive",
  [DIVERT_HOOK_GUARD] = "guard",
  [DIVERT_HOOK_LAN_DNS] = "dns-forwarded",
  [DIVERT_HOOK_DNS] = "dns",
  [DIVERT_HOOK_WIRE] = "wire",
  [DIVERT_CHAIN_JUDGE] = "judge",
  [DIVERT_CHAIN_FOREIGN] = "foreign",
  [DIVERT_CHAIN_DIVERTED] = "diverted",
  [DIVERT_CHAIN_PASS] = "pass",
  [DIVERT_CHAIN_GRANTS] = "grants",
  [DIVERT_CHAIN_FENCED] = "fenced",
  [DIVERT_CHAIN_NAMES_INTRANET] = "names-intranet",
  [DIVERT_CHAIN_NAMES] = "names",
  [DIVERT_CHAIN_NAMES_LEAVING] = "names-leaving",
  [DIVERT_CHAIN_INTERNET] = "internet",
  [DIVERT_CHAIN_FENCED_INTERNET] = "fenced-internet",
  [DIVERT_CHAIN_EXITS] = "exits",
  [DIVERT_CHAIN_EXITS_INTERNET] = "exits-internet",
  [DIVERT_CHAIN_OWN] = "own",
  [DIVERT_CHAIN_INTRANET] = "intranet",
  [DIVERT_CHAIN_STRANDED] = "stranded",
  [DIVERT_CHAIN_DELIVER] = "to-proxy",
  [DIVERT_CHAIN_DELIVER_INTRANET] = "to-proxy-intranet",
  [DIVERT_CHAIN_FORWARDED] = "forwarded",
  [DIVERT_CHAIN_LANS] = "lans",
  [DIVERT_CHAIN_LAN] = "lan",
  [DIVERT_CHAIN_TAKE] = "take",
  [DIVERT_CHAIN_SERVE] = "serve",
  [DIVERT_CHAIN_GUARD] = "leaving",
  [DIVERT_CHAIN_GUARD_DNS] = "leaving-dns",
  [DIVERT_CHAIN_GUARD_NAMES] = "leaving-names",
  [DIVERT_CHAIN_GUARD_INTRANET] = "leaving-intranet",
  [DIVERT_CHAIN_GUARD_INTERNET] = "leaving-internet",
  [DIVERT_CHAIN_GUARD_LANS] = "leaving-lans",
  [DIVERT_CHAIN_LAN_DNS] = "lans-dns",
  [DIVERT_CHAIN_LAN_REDIRECT] = "redirect-lan-dns",
  [DIVERT_CHAIN_DNS] = "redirect-dns",
  [DIVERT_CHAIN_WIRE] = "others",
  [DIVERT_CHAIN_WIRE_GRANTS] = "others-granted",
};
G_STATIC_ASSERT (G_N_ELEMENTS (chains) == DIVERT_N_CHAINS);

static const struct
{
  const char *name;
  guint8      number[DIVERT_N_FAMILIES];
} protocols[] = {
  { "tcp", { IPPROTO_TCP, IPPROTO_TCP } },
  { "udp", { IPPROTO_UDP, IPPROTO_UDP } },
  { "icmp", { IPPROTO_ICMP, IPPROTO_ICMPV6 } },
};
G_STATIC_ASSERT (G_N_ELEMENTS (protocols) == DIVERT_N_PROTOCOLS);

const char *
divert_chain_name (DivertChain chain)
{
  return chains[chain];
}

const char *
divert_protocol_name (DivertProtocol protocol)
{
  return protocols[g_bit_nth_lsf (protocol, -1)].name;
}

guint8
divert_protocol_number (DivertProtocol protocol,
                        DivertFamily   family)
{
  return protocols[g_bit_nth_lsf (protocol, -1)].number[family];
}

DivertRule *
divert_rule_new (DivertChain    chain,
                 DivertFamilies families)
{
  DivertRule *rule = g_new0 (DivertRule, 1);

  rule->chain = chain;
  rule->families = families;
  return rule;
}

void
divert_rule_free (DivertRule *rule)
{
  if (rule == NULL)
    return;
  g_clear_pointer (&rule->sources, g_array_unref);
  g_clear_pointer (&rule->destinations, g_array_unref);
  g_clear_pointer (&rule->dports, g_array_unref);
  g_clear_pointer (&rule->cgroup_path, g_ref_string_release);
  g_free (rule);
}

static GArray *
ref_list (GArray *list)
{
  return list != NULL ? g_array_ref (list) : NULL;
}

DivertRule *
divert_rule_copy (const DivertRule *rule)
{
  DivertRule *copy = g_memdup2 (rule, sizeof *rule);

  ref_list (copy->sources);
  ref_list (copy->destinations);
  ref_list (copy->dports);
  if (copy->cgroup_path != NULL)
    g_ref_string_acquire (copy->cgroup_path);
  return copy;
}

void
divert_rule_match_opening (DivertRule *rule)
{
  rule->protocols = DIVERT_PROTOCOL_TCP;
  rule->has_tcp_flags = TRUE;
  rule->tcp_flags_mask = TCP_SYN_MASK;
  rule->tcp_flags_value = DIVERT_TCP_SYN;
}

static gboolean
same_mark (const DivertMarkMatch *a,
           const DivertMarkMatch *b)
{
  return a->has == b->has && a->invert == b->invert && a->value == b->value && a->mask == b->mask;
}

/* The next prefix of @family, beginning at @i; NULL if there is none. */
static const DivertPrefix *
next_prefix (const GArray *prefixes,
             DivertFamily  family,
             guint        *i)
{
  while (*i < prefixes->len)
    {
      const DivertPrefix *prefix = divert_prefixes_index (prefixes, (*i)++);

      if (prefix->family == family)
        return prefix;
    }
  return NULL;
}

static gboolean
same_prefixes (const GArray *a,
               const GArray *b,
               DivertFamily  family)
{
  guint i = 0, j = 0;

  if (a == b || a == NULL || b == NULL)
    return a == b;
  for (;;)
    {
      const DivertPrefix *x = next_prefix (a, family, &i);
      const DivertPrefix *y = next_prefix (b, family, &j);

      if (x == NULL || y == NULL)
        return x == y;
      if (!divert_prefix_equal (x, y))
        return FALSE;
    }
}

static gboolean
same_tcp_flags (const DivertRule *a,
                const DivertRule *b)
{
  return a->has_tcp_flags == b->has_tcp_flags && a->tcp_flags_invert == b->tcp_flags_invert &&
         a->tcp_flags_mask == b->tcp_flags_mask && a->tcp_flags_value == b->tcp_flags_value;
}

static gboolean
same_mac (const DivertRule *a,
          const DivertRule *b)
{
  return a->has_mac == b->has_mac && divert_mac_equal (&a->mac, &b->mac);
}

static gboolean
same_matches (const DivertRule *a,
              const DivertRule *b,
              DivertFamily      family)
{
  return a->protocols == b->protocols && g_str_equal (a->in_interface, b->in_interface) &&
         a->in_invert == b->in_invert && g_str_equal (a->out_interface, b->out_interface) &&
         a->out_invert == b->out_invert && a->out_index == b->out_index && same_mac (a, b) &&
         same_prefixes (a->sources, b->sources, family) &&
         same_prefixes (a->destinations, b->destinations, family) &&
         a->destinations_invert == b->destinations_invert && a->sport == b->sport && a->dport == b->dport &&
         divert_ports_equal (a->dports, b->dports) && same_tcp_flags (a, b) && a->icmpv6_type == b->icmpv6_type &&
         same_mark (&a->mark, &b->mark) && same_mark (&a->connmark, &b->connmark) && a->has_gid == b->has_gid &&
         a->gid == b->gid && a->cgroup == b->cgroup && g_strcmp0 (a->cgroup_path, b->cgroup_path) == 0 &&
         a->dst_types == b->dst_types && a->src_types == b->src_types && a->receiver == b->receiver;
}

gboolean
divert_rule_equal (const DivertRule *a,
                   const DivertRule *b,
                   DivertFamily      family)
{
  const DivertFamilies bit = 1 << family;

  return a->chain == b->chain && (a->families & bit) == (b->families & bit) && same_matches (a, b, family) &&
         a->verdict == b->verdict && a->to == b->to && a->value == b->value && a->mask == b->mask &&
         a->port == b->port && a->on_loopback == b->on_loopback;
}
