/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: which rules there are, in which order, and why.
 *
 * Theory of operation
 * -------------------
 * A packet that this machine sends passes mangle OUTPUT → LOCAL_DIVERT.  What is
 * to go to the proxy gets our mark there; the kernel then routes it again, the ip
 * rule for the mark sends it to lo, and in mangle PREROUTING (-i lo, our mark
 * only) DIVERT hands it to the proxy's TPROXY port.  Packets from the wire carry
 * no mark, so nothing that others send us is ever diverted (TRAPS 3.5, 12.1).
 *
 * Two kinds of destination are judged differently:
 *
 *  - The intranets, packet by packet, in LOCAL_INTRANET_DIVERT, by the place of
 *    now: a flow that began at home must not go on straight elsewhere.
 *  - All else, once per connection.  The kernel sends data after the program has
 *    closed its socket; such packets have no owner, so a rule that asks each packet
 *    for its group cuts off the end of the proxy's own uploads, and its mirror image
 *    the end of the clients' (TRAPS 2.3, 2.4).  The verdict of the first packet is
 *    kept in the connection mark.
 *
 * Connection marks, within the configured mask:
 *
 *    mark            this connection is diverted
 *    spare           leave this connection alone: it is the proxy's own, or (to
 *                    an intranet address, while away) one that a neighbour opened
 *                    to us, known by its SYN-ACK
 *    anything else   not judged by us
 *
 * The last word on replies: a reply packet of a connection that was opened to us is
 * left alone, but "reply" alone does not clear the way to an intranet address while
 * away.  A TCP connection that the NAS opened to us at home goes on sending in
 * the café, and a stranger can plant a UDP "connection" from the NAS's address just
 * by sending us one datagram.  So there only TCP counts, and only if the SYN-ACK
 * was sent from this place.
 *
 * Chains end their work by RETURN to the hook, never by ACCEPT, so that other
 * people's rules behind ours still see each packet.  The intranet chains are
 * entered by goto: their RETURN is final for us.
 *
 * DIVERT_GUARD (mangle POSTROUTING, not on lo) is the second line: what carries our
 * mark and yet leaves by a wire (the ip rule is gone, a program bound its
 * socket to a device) is dropped, and so is DNS that was not redirected.
 *
 * The kernel looks DNS up in nat for the first packet of a connection only, and the
 * mark must not be set on what nat redirects (TRAPS 3.10); so port 53 returns early
 * in LOCAL_DIVERT, and LOCAL_DNS_DIVERT in nat redirects it.
 */
#include "ruleset-private.h"

#include <glib/gi18n-lib.h>
#include <netinet/in.h>
#include <string.h>

#define TCP_SYN 0x02
#define TCP_ACK 0x10
/* What --syn looks at: FIN, SYN, RST, ACK. */
#define TCP_SYN_MASK 0x17

#define LOCAL_DIVERT "LOCAL_DIVERT"
#define LOCAL_INTRANET_DIVERT "LOCAL_INTRANET_DIVERT"
#define DIVERT "DIVERT"
#define INTRANET_DIVERT "INTRANET_DIVERT"
#define DIVERT_GUARD "DIVERT_GUARD"
#define DIVERT_GUARD_DNS "DIVERT_GUARD_DNS"
#define LOCAL_DNS_DIVERT "LOCAL_DNS_DIVERT"

typedef struct
{
  DivertRuleset        *ruleset;
  const DivertConfig   *config;
  const DivertDecision *decision;
  guint32               gid;
  DivertFamilies        families;
  guint32               spare;   /* 0: the mask has no room for it */
} Maker;

static const guint8 tcp_udp[] = { IPPROTO_TCP, IPPROTO_UDP };

/* Is this the first rule of the chain in any of @families?  Remembers that there is one now. */
static gboolean
opens_chain (DivertRuleset  *ruleset,
             DivertTable     table,
             const char     *chain,
             DivertFamilies  families)
{
  DivertFamilies known = GPOINTER_TO_UINT (g_hash_table_lookup (ruleset->opened[table], chain));

  if ((known & families) == families)
    return FALSE;
  g_hash_table_insert (ruleset->opened[table], g_strdup (chain), GUINT_TO_POINTER (known | families));
  return TRUE;
}

DivertRule *
divert_ruleset_add (DivertRuleset  *ruleset,
                    DivertTable     table,
                    const char     *chain,
                    DivertFamilies  families,
                    DivertTarget    target,
                    const char     *why)
{
  DivertRule *rule = g_new0 (DivertRule, 1);

  rule->table = table;
  g_strlcpy (rule->chain, chain, sizeof rule->chain);
  rule->families = families;
  rule->target = target;
  rule->why = why;
  rule->tagged = divert_chain_is_own (table, chain) && opens_chain (ruleset, table, chain, families);
  g_ptr_array_add (ruleset->rules, rule);
  return rule;
}

DivertRule *
divert_ruleset_add_to (DivertRuleset  *ruleset,
                       DivertTable     table,
                       const char     *chain,
                       DivertFamilies  families,
                       DivertTarget    target,
                       const char     *to,
                       const char     *why)
{
  DivertRule *rule = divert_ruleset_add (ruleset, table, chain, families, target, why);

  g_strlcpy (rule->to, to, sizeof rule->to);
  return rule;
}

static DivertRule *
add (const Maker  *m,
     const char   *chain,
     DivertTarget  target,
     const char   *why)
{
  return divert_ruleset_add (m->ruleset, DIVERT_TABLE_MANGLE, chain, m->families, target, why);
}

/* Only for one family; NULL if that family is switched off. */
static DivertRule *
add_for (const Maker  *m,
         DivertFamily  family,
         const char   *chain,
         DivertTarget  target,
         const char   *why)
{
  if ((m->families & (1 << family)) == 0)
    return NULL;
  return divert_ruleset_add (m->ruleset, DIVERT_TABLE_MANGLE, chain, 1 << family, target, why);
}

static void
match_mark (DivertMarkMatch *match,
            guint32          value,
            guint32          mask,
            gboolean         invert)
{
  *match = (DivertMarkMatch){ .has = TRUE, .invert = invert, .value = value, .mask = mask };
}

/* Any bit of the mark: a tunnel's (WireGuard, Tailscale) lies outside our mask. */
static void
match_foreign_mark (DivertRule *rule)
{
  match_mark (&rule->mark, 0, G_MAXUINT32, TRUE);
}

static void
set_mark (const Maker *m,
          DivertRule  *rule,
          guint32      value)
{
  rule->value = value;
  rule->mask = m->config->mask;
}

static void
match_own_group (const Maker *m,
                 DivertRule  *rule)
{
  rule->has_gid = TRUE;
  rule->gid = m->gid;
}

static void
add_hook (const Maker *m,
          DivertTable  table,
          const char  *hook,
          const char  *chain,
          const char  *in_interface,
          const char  *not_out_interface,
          gboolean     marked)
{
  DivertRule *rule = divert_ruleset_add_to (m->ruleset, table, hook, m->families, DIVERT_TARGET_JUMP, chain, NULL);

  if (in_interface != NULL)
    g_strlcpy (rule->in_interface, in_interface, sizeof rule->in_interface);
  if (not_out_interface != NULL)
    {
      g_strlcpy (rule->out_interface, not_out_interface, sizeof rule->out_interface);
      rule->out_invert = TRUE;
    }
  if (marked)
    match_mark (&rule->mark, m->config->mark, m->config->mask, FALSE);
}

/* Sets our mark on TCP and UDP, in two rules: a rule names one protocol. */
static void
add_marking (const Maker *m,
             const char  *chain,
             const char  *why)
{
  for (guint i = 0; i < G_N_ELEMENTS (tcp_udp); i++)
    {
      DivertRule *rule = add (m, chain, DIVERT_TARGET_MARK, why);

      rule->protocol = tcp_udp[i];
      set_mark (m, rule, m->config->mark);
    }
}

static void
add_return_if_marked (const Maker *m,
                      const char  *chain)
{
  match_mark (&add (m, chain, DIVERT_TARGET_RETURN, NULL)->mark, m->config->mark, m->config->mask, FALSE);
}

/* Own, multicast and broadcast addresses, as the kernel's routing knows them. */
static void
add_special_addresses (const Maker *m,
                       const char  *chain)
{
  const char *why = N_("own, multicast and broadcast addresses are reached directly");
  DivertRule *rule;

  rule = add_for (m, DIVERT_FAMILY_IPV4, chain, DIVERT_TARGET_RETURN, why);
  if (rule != NULL)
    rule->dst_types = DIVERT_ADDRTYPE_LOCAL | DIVERT_ADDRTYPE_BROADCAST | DIVERT_ADDRTYPE_MULTICAST;
  rule = add_for (m, DIVERT_FAMILY_IPV6, chain, DIVERT_TARGET_RETURN, why);
  if (rule != NULL)
    rule->dst_types = DIVERT_ADDRTYPE_LOCAL | DIVERT_ADDRTYPE_MULTICAST;
}

static void
add_return_to (const Maker  *m,
               const char   *chain,
               const char   *prefix_text,
               const char   *why)
{
  DivertPrefix prefix;
  DivertRule *rule;

  if (!divert_prefix_parse (prefix_text, &prefix, NULL))
    return;
  rule = add_for (m, prefix.family, chain, DIVERT_TARGET_RETURN, why);
  if (rule == NULL)
    return;
  rule->has_destination = TRUE;
  rule->destination = prefix;
}

static void
add_dhcp (const Maker *m)
{
  /* Both ports, so that only a DHCP client's privileged socket gets through: without its lease the machine is
   * lost, also where the lease's server has an intranet's address (TRAPS 5.2). */
  static const guint16 ports[DIVERT_N_FAMILIES][2] = {
    [DIVERT_FAMILY_IPV4] = { 68, 67 },
    [DIVERT_FAMILY_IPV6] = { 546, 547 },
  };

  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      DivertRule *rule = add_for (m, family, LOCAL_DIVERT, DIVERT_TARGET_RETURN, N_("DHCP is left alone"));

      if (rule == NULL)
        continue;
      rule->protocol = IPPROTO_UDP;
      rule->sport = ports[family][0];
      rule->dport = ports[family][1];
    }
}

static void
add_dns_return (const Maker *m,
                const char  *chain)
{
  for (guint i = 0; i < G_N_ELEMENTS (tcp_udp); i++)
    {
      DivertRule *rule = add (m, chain, DIVERT_TARGET_RETURN, N_("DNS is redirected to the proxy's DNS port"));

      rule->protocol = tcp_udp[i];
      rule->dport = 53;
    }
}

/* What goes before all else; the cheapest and the most common first. */
static void
add_beginning (const Maker *m)
{
  DivertRule *rule;

  rule = add (m, LOCAL_DIVERT, DIVERT_TARGET_RETURN, N_("own addresses are reached directly"));
  g_strlcpy (rule->out_interface, "lo", sizeof rule->out_interface);
  match_foreign_mark (add (m, LOCAL_DIVERT, DIVERT_TARGET_RETURN, N_("somebody else's mark is left alone")));
  add_dhcp (m);
  if (m->config->dns_port != 0)
    add_dns_return (m, LOCAL_DIVERT);
}

/* In both chains that decide, behind the site's direct rules: to ask for a packet's owner takes a lock, and what goes
 * straight to the intranet at home need not be asked. */
static void
add_exemptions (const Maker *m,
                const char  *chain)
{
  DivertRule *rule;

  if (m->spare != 0)
    {
      rule = add (m, chain, DIVERT_TARGET_RETURN, N_("a connection of the proxy's own, or opened to us, is left alone"));
      match_mark (&rule->connmark, m->spare, m->config->mask, FALSE);

      /* Only TCP outlives its socket, and a UDP port may be somebody else's the next moment. */
      rule = add (m, chain, DIVERT_TARGET_CONNMARK, NULL);
      rule->protocol = IPPROTO_TCP;
      match_own_group (m, rule);
      set_mark (m, rule, m->spare);
    }
  match_own_group (m, add (m, chain, DIVERT_TARGET_RETURN, N_("the proxy's own packets are left alone")));
}

/* Decides about all that goes to no intranet, once per connection. */
static void
add_connections (const Maker *m,
                 const char  *chain)
{
  DivertRule *rule;

  add_exemptions (m, chain);
  rule = add (m, chain, DIVERT_TARGET_RETURN, N_("replies of connections that others opened are left alone"));
  rule->ctdir = DIVERT_CTDIR_REPLY;

  rule = add (m, chain, DIVERT_TARGET_MARK, N_("its connection is diverted"));
  match_mark (&rule->connmark, m->config->mark, m->config->mask, FALSE);
  set_mark (m, rule, m->config->mark);
  add_return_if_marked (m, chain);

  rule = add (m, chain, DIVERT_TARGET_RETURN, N_("a connection that was direct from its beginning stays so"));
  rule->not_new = TRUE;

  /* A connection older than conntrack looks new in its middle (TRAPS 2.7). */
  rule = add (m, chain, DIVERT_TARGET_RETURN, N_("a connection that was direct from its beginning stays so"));
  rule->protocol = IPPROTO_TCP;
  rule->has_tcp_flags = TRUE;
  rule->tcp_flags_invert = TRUE;
  rule->tcp_flags_mask = TCP_SYN_MASK;
  rule->tcp_flags_value = TCP_SYN;

  rule = add (m, chain, DIVERT_TARGET_RETURN, N_("packets of the kernel's own are left alone"));
  rule->no_socket = TRUE;

  add_special_addresses (m, chain);
  add_return_to (m, chain, "169.254.0.0/16", N_("link-local addresses are reached directly"));
  add_return_to (m, chain, "fe80::/10", N_("link-local addresses are reached directly"));

  for (guint i = 0; i < m->config->bypass->len; i++)
    {
      const DivertPrefix *prefix = divert_prefixes_index (m->config->bypass, i);

      if (divert_prefix_is_link_local (prefix))
        continue;
      rule = add_for (m, prefix->family, chain, DIVERT_TARGET_RETURN, N_("a bypass prefix is reached directly"));
      if (rule == NULL)
        continue;
      rule->has_destination = TRUE;
      rule->destination = *prefix;
    }

  add_marking (m, chain, N_("everything else goes to the proxy"));
  rule = add (m, chain, DIVERT_TARGET_CONNMARK, NULL);
  match_mark (&rule->mark, m->config->mark, m->config->mask, FALSE);
  set_mark (m, rule, m->config->mark);
}

static void
add_direct (const Maker *m)
{
  for (guint i = 0; i < m->decision->exits->len; i++)
    {
      const DivertExit *way_out = g_ptr_array_index (m->decision->exits, i);

      for (guint j = 0; j < way_out->sources->len; j++)
        for (guint k = 0; k < m->decision->direct->len; k++)
          {
            const DivertPrefix *source = divert_prefixes_index (way_out->sources, j);
            const DivertPrefix *destination = divert_prefixes_index (m->decision->direct, k);
            DivertRule *rule;

            if (source->family != destination->family)
              continue;
            rule = add_for (m, source->family, LOCAL_INTRANET_DIVERT, DIVERT_TARGET_RETURN,
                            N_("the intranet of the site that we are at is reached directly"));
            if (rule == NULL)
              continue;
            g_strlcpy (rule->out_interface, way_out->device, sizeof rule->out_interface);
            rule->has_source = TRUE;
            rule->source = *source;
            rule->has_destination = TRUE;
            rule->destination = *destination;
          }
    }
}

static void
add_icmp_exemptions (const Maker *m)
{
  /* NS, NA: without them a router with an intranet's address (the same subnet elsewhere) finds us no more. */
  static const guint8 neighbour_discovery[] = { 135, 136 };
  static const guint8 icmp[DIVERT_N_FAMILIES] = { IPPROTO_ICMP, IPPROTO_ICMPV6 };
  DivertRule *rule;

  for (guint i = 0; i < G_N_ELEMENTS (neighbour_discovery); i++)
    {
      rule = add_for (m, DIVERT_FAMILY_IPV6, LOCAL_INTRANET_DIVERT, DIVERT_TARGET_RETURN, N_("neighbour discovery is left alone"));
      if (rule == NULL)
        continue;
      rule->protocol = IPPROTO_ICMPV6;
      rule->icmpv6_type = neighbour_discovery[i];
    }
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      rule = add_for (m, family, LOCAL_INTRANET_DIVERT, DIVERT_TARGET_RETURN,
                      N_("answers to what others ask of us are left alone"));
      if (rule == NULL)
        continue;
      rule->protocol = icmp[family];
      rule->ctdir = DIVERT_CTDIR_REPLY;
    }
}

static void
add_intranet (const Maker *m)
{
  DivertRule *rule;

  add_direct (m);
  add_exemptions (m, LOCAL_INTRANET_DIVERT);
  add_special_addresses (m, LOCAL_INTRANET_DIVERT);

  if (m->spare != 0)
    {
      rule = add (m, LOCAL_INTRANET_DIVERT, DIVERT_TARGET_CONNMARK, NULL);
      rule->protocol = IPPROTO_TCP;
      rule->has_tcp_flags = TRUE;
      rule->tcp_flags_mask = TCP_SYN | TCP_ACK;
      rule->tcp_flags_value = TCP_SYN | TCP_ACK;
      rule->ctdir = DIVERT_CTDIR_REPLY;
      set_mark (m, rule, m->spare);
      rule = add (m, LOCAL_INTRANET_DIVERT, DIVERT_TARGET_RETURN, N_("a connection that was opened to us is left alone"));
      match_mark (&rule->connmark, m->spare, m->config->mask, FALSE);
    }

  add_marking (m, LOCAL_INTRANET_DIVERT, N_("an intranet that we are not at is reached through the proxy"));
  if (m->config->intranet_other_allow)
    return;
  add_return_if_marked (m, LOCAL_INTRANET_DIVERT);
  add_icmp_exemptions (m);
  /* A drop in OUTPUT tells the program at once: EPERM. */
  add (m, LOCAL_INTRANET_DIVERT, DIVERT_TARGET_DROP, N_("no proxy carries this protocol to an intranet that we are not at"));
}

static void
add_tproxy (const Maker        *m,
            const char         *chain,
            const DivertPrefix *prefix,
            guint16             port)
{
  for (guint i = 0; i < G_N_ELEMENTS (tcp_udp); i++)
    {
      DivertRule *rule = prefix != NULL ? add_for (m, prefix->family, chain, DIVERT_TARGET_TPROXY, NULL) :
                                          add (m, chain, DIVERT_TARGET_TPROXY, NULL);

      if (rule == NULL)
        return;
      rule->protocol = tcp_udp[i];
      rule->port = port;
      if (prefix != NULL)
        {
          rule->has_destination = TRUE;
          rule->destination = *prefix;
        }
    }
}

static void
add_prerouting (const Maker  *m,
                const GArray *intranets)
{
  const char *rest;

  /* INTRANET_DIVERT: sites with a port of their own, then the common one. */
  for (guint i = 0; i < m->config->sites->len; i++)
    {
      const DivertSite *site = g_ptr_array_index (m->config->sites, i);

      if (site->tproxy_port == 0 || site->tproxy_port == m->config->tproxy_port)
        continue;
      for (guint j = 0; j < site->intranet->len; j++)
        add_tproxy (m, INTRANET_DIVERT, divert_prefixes_index (site->intranet, j), site->tproxy_port);
    }
  add_tproxy (m, INTRANET_DIVERT, NULL, m->config->tproxy_port);

  rest = divert_ruleset_dispatch (m->ruleset, DIVERT, m->families, intranets, INTRANET_DIVERT, NULL);
  add_tproxy (m, rest, NULL, m->config->tproxy_port);
  /* Nothing else bears our mark; what does must not be taken for a packet to a service of this machine. */
  add (m, rest, DIVERT_TARGET_DROP, NULL);
}

static void
add_guard (const Maker *m)
{
  DivertRule *rule;

  rule = add (m, DIVERT_GUARD, DIVERT_TARGET_DROP, N_("would leave by a wire although it is to be diverted"));
  match_mark (&rule->mark, m->config->mark, m->config->mask, FALSE);
  /* Not what this machine forwards for others, with a mark of theirs. */
  rule->src_types = DIVERT_ADDRTYPE_LOCAL;

  if (m->config->dns_port == 0)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (tcp_udp); i++)
    {
      rule = divert_ruleset_add_to (m->ruleset, DIVERT_TABLE_MANGLE, DIVERT_GUARD, m->families, DIVERT_TARGET_GOTO,
                                    DIVERT_GUARD_DNS, NULL);
      rule->protocol = tcp_udp[i];
      rule->dport = 53;
    }

  match_foreign_mark (add (m, DIVERT_GUARD_DNS, DIVERT_TARGET_RETURN, NULL));
  if (m->spare != 0)
    match_mark (&add (m, DIVERT_GUARD_DNS, DIVERT_TARGET_RETURN, NULL)->connmark, m->spare, m->config->mask, FALSE);
  match_own_group (m, add (m, DIVERT_GUARD_DNS, DIVERT_TARGET_RETURN, NULL));
  add (m, DIVERT_GUARD_DNS, DIVERT_TARGET_RETURN, NULL)->ctdir = DIVERT_CTDIR_REPLY;
  rule = add (m, DIVERT_GUARD_DNS, DIVERT_TARGET_DROP, N_("DNS that was not redirected"));
  rule->src_types = DIVERT_ADDRTYPE_LOCAL;
}

static void
add_dns (const Maker *m)
{
  DivertRule *rule;

  rule = divert_ruleset_add (m->ruleset, DIVERT_TABLE_NAT, LOCAL_DNS_DIVERT, m->families, DIVERT_TARGET_RETURN,
                             N_("a resolver of this machine is left alone"));
  g_strlcpy (rule->out_interface, "lo", sizeof rule->out_interface);
  rule = divert_ruleset_add (m->ruleset, DIVERT_TABLE_NAT, LOCAL_DNS_DIVERT, m->families, DIVERT_TARGET_RETURN,
                             N_("somebody else's mark is left alone"));
  match_foreign_mark (rule);
  rule = divert_ruleset_add (m->ruleset, DIVERT_TABLE_NAT, LOCAL_DNS_DIVERT, m->families, DIVERT_TARGET_RETURN,
                             N_("the proxy's own packets are left alone"));
  match_own_group (m, rule);

  for (guint i = 0; i < G_N_ELEMENTS (tcp_udp); i++)
    {
      rule = divert_ruleset_add (m->ruleset, DIVERT_TABLE_NAT, LOCAL_DNS_DIVERT, m->families, DIVERT_TARGET_REDIRECT,
                                 N_("DNS is redirected to the proxy's DNS port"));
      rule->protocol = tcp_udp[i];
      rule->dport = 53;
      rule->port = m->config->dns_port;
    }
}

/* All sites' intranets (and the direct ones, which auto6 may have added), merged. */
static GArray *
collect_intranets (const Maker *m)
{
  g_autoptr(GArray) all = divert_prefixes_copy (m->decision->direct);

  for (guint i = 0; i < m->config->sites->len; i++)
    {
      const DivertSite *site = g_ptr_array_index (m->config->sites, i);

      g_array_append_vals (all, site->intranet->data, site->intranet->len);
    }
  return divert_prefixes_merge (all);
}

/* Some value inside the mask that is neither 0 nor the mark; 0 if there is none. */
static guint32
choose_spare (guint32 mark,
              guint32 mask)
{
  guint32 rest = mask & ~mark;

  if (rest != 0)
    return rest & -rest;
  return mark & (mark - 1);
}

guint32
divert_ruleset_get_bypass_mark (const DivertConfig *config)
{
  guint32 outside = ~config->mask;

  return outside != 0 ? outside & -outside : choose_spare (config->mark, config->mask);
}

static int
compare_names (gconstpointer a,
               gconstpointer b)
{
  return g_strcmp0 (*(const char *const *) a, *(const char *const *) b);
}

/* A socket that a program bound to a device (no privilege needed since Linux 5.7) is
 * routed again with that device, which lo's route does not serve: it would leave
 * (TRAPS 3.9).  A local route by the device itself catches it (12.3). */
static GStrv
choose_uplinks (const DivertFacts *facts)
{
  g_autoptr(GPtrArray) names = g_ptr_array_new ();

  for (guint i = 0; facts != NULL && i < facts->links->len; i++)
    {
      const DivertLink *link = g_ptr_array_index (facts->links, i);

      if (link->carrier && link->gateways->len > 0)
        g_ptr_array_add (names, g_strdup (link->name));
    }
  g_ptr_array_sort (names, compare_names);
  g_ptr_array_add (names, NULL);
  return (GStrv) g_ptr_array_free (g_steal_pointer (&names), FALSE);
}

DivertRuleset *
divert_ruleset_new_empty (void)
{
  DivertRuleset *ruleset = g_new0 (DivertRuleset, 1);

  ruleset->rules = g_ptr_array_new_with_free_func (g_free);
  for (guint table = 0; table < DIVERT_N_TABLES; table++)
    ruleset->opened[table] = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  ruleset->routing.uplinks = g_new0 (char *, 1);
  return ruleset;
}

DivertRuleset *
divert_ruleset_new (const DivertConfig   *config,
                    const DivertDecision *decision,
                    guint32               gid,
                    const DivertFacts    *facts)
{
  DivertRuleset *ruleset = divert_ruleset_new_empty ();
  Maker m = { ruleset, config, decision, gid, config->ipv6 ? DIVERT_FAMILIES_BOTH : DIVERT_FAMILIES_IPV4,
              choose_spare (config->mark, config->mask) };
  g_autoptr(GArray) intranets = NULL;
  g_autoptr(GArray) others = NULL;
  const char *rest = LOCAL_DIVERT;

  if (decision->place == DIVERT_PLACE_OFF)
    return ruleset;

  ruleset->routing.families = m.families;
  ruleset->routing.mark = config->mark;
  ruleset->routing.mask = config->mask;
  ruleset->routing.table = config->table;
  g_strfreev (ruleset->routing.uplinks);
  ruleset->routing.uplinks = choose_uplinks (facts);

  intranets = collect_intranets (&m);
  add_hook (&m, DIVERT_TABLE_MANGLE, "OUTPUT", LOCAL_DIVERT, NULL, NULL, FALSE);
  add_hook (&m, DIVERT_TABLE_MANGLE, "PREROUTING", DIVERT, "lo", NULL, TRUE);
  add_hook (&m, DIVERT_TABLE_MANGLE, "POSTROUTING", DIVERT_GUARD, NULL, "lo", FALSE);

  add_beginning (&m);
  /* The site's own prefixes stand before all others: at home they are what is asked for most. */
  for (guint i = 0; i < decision->direct->len; i++)
    {
      const DivertPrefix *prefix = divert_prefixes_index (decision->direct, i);
      DivertRule *rule = add_for (&m, prefix->family, LOCAL_DIVERT, DIVERT_TARGET_GOTO, NULL);

      if (rule == NULL)
        continue;
      g_strlcpy (rule->to, LOCAL_INTRANET_DIVERT, sizeof rule->to);
      rule->has_destination = TRUE;
      rule->destination = *prefix;
    }
  others = divert_prefixes_new ();
  for (guint i = 0; i < intranets->len; i++)
    if (!divert_prefixes_contain (decision->direct, divert_prefixes_index (intranets, i)))
      divert_prefixes_add (others, divert_prefixes_index (intranets, i));
  rest = divert_ruleset_dispatch (ruleset, LOCAL_DIVERT, m.families, others, LOCAL_INTRANET_DIVERT, NULL);
  add_connections (&m, rest);
  add_intranet (&m);
  add_prerouting (&m, intranets);
  add_guard (&m);

  if (config->dns_port != 0)
    {
      add_hook (&m, DIVERT_TABLE_NAT, "OUTPUT", LOCAL_DNS_DIVERT, NULL, NULL, FALSE);
      add_dns (&m);
    }
  return ruleset;
}

void
divert_ruleset_free (DivertRuleset *ruleset)
{
  if (ruleset == NULL)
    return;
  g_ptr_array_unref (ruleset->rules);
  for (guint table = 0; table < DIVERT_N_TABLES; table++)
    g_hash_table_unref (ruleset->opened[table]);
  g_strfreev (ruleset->routing.uplinks);
  g_free (ruleset);
}

gboolean
divert_ruleset_is_empty (const DivertRuleset *ruleset)
{
  return ruleset->rules->len == 0;
}
