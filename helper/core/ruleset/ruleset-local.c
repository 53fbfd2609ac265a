/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: LOCAL_DIVERT and LOCAL_INTRANET_DIVERT, where each packet that this machine sends
 * is judged.  The theory stands at the head of ruleset.c.
 */
#include "fence.h"
#include "ruleset-private.h"

#include <glib/gi18n-lib.h>
#include <netinet/in.h>

#define TCP_SYN 0x02
#define TCP_ACK 0x10
/* What --syn looks at: FIN, SYN, RST, ACK. */
#define TCP_SYN_MASK 0x17

/* Up to so many direct rules stand before all else: they compare addresses only, which costs the
 * packets that go elsewhere next to nothing, and one that goes to the intranet at home meets no
 * match that is a call.  That is no other verdict than theirs: what has somebody else's mark, DHCP,
 * and DNS (which is nat's) is left alone here as well.  More of them stand where only packets to an
 * intranet come by. */
#define DIRECT_FIRST_MAX 12

static void
add_dhcp (const DivertMaker *m,
          const char        *chain,
          DivertTarget       target,
          const char        *why)
{
  /* Both ports, so that only a DHCP client's privileged socket gets through: without its lease the machine is
   * lost, also where the lease's server has an intranet's address (TRAPS 5.2). */
  static const guint16 ports[DIVERT_N_FAMILIES][2] = {
    [DIVERT_FAMILY_IPV4] = { 68, 67 },
    [DIVERT_FAMILY_IPV6] = { 546, 547 },
  };

  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      DivertRule *rule = divert_maker_add_for (m, family, chain, target, why);

      if (rule == NULL)
        continue;
      if (target == DIVERT_TARGET_MARK)
        divert_maker_set_mark (m, rule, m->spare);
      rule->protocol = IPPROTO_UDP;
      rule->sport = ports[family][0];
      rule->dport = ports[family][1];
    }
}

/* A SYN-ACK: somebody opened this connection. */
static void
match_opened_to_us (DivertRule *rule)
{
  rule->protocol = IPPROTO_TCP;
  rule->has_tcp_flags = TRUE;
  rule->tcp_flags_mask = TCP_SYN | TCP_ACK;
  rule->tcp_flags_value = TCP_SYN | TCP_ACK;
  rule->ctdir = DIVERT_CTDIR_REPLY;
}

static void
add_dns_return (const DivertMaker *m,
                const char        *chain)
{
  for (guint i = 0; i < DIVERT_N_TCP_UDP; i++)
    {
      DivertRule *rule = divert_maker_add (m, chain, DIVERT_TARGET_RETURN, N_("DNS is redirected to the proxy's DNS port"));

      rule->protocol = divert_tcp_udp[i];
      rule->dport = 53;
    }
}

/* How many, of both families. */
static guint
count_direct (const DivertMaker *m)
{
  guint n = 0;

  if (m->decision->place != DIVERT_PLACE_SITE)
    return 0;
  for (guint i = 0; i < m->decision->exits->len; i++)
    n += ((const DivertExit *) g_ptr_array_index (m->decision->exits, i))->sources->len * m->decision->direct->len;
  return n;
}

static void
add_direct (const DivertMaker *m,
            const char        *chain)
{
  if (m->decision->place != DIVERT_PLACE_SITE)
    return;
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
            rule = divert_maker_add_for (m, source->family, chain, DIVERT_TARGET_RETURN,
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

static DivertRule *
add_pass (const DivertMaker *m)
{
  DivertRule *rule = divert_maker_add (m, LOCAL_DIVERT_FENCE, DIVERT_TARGET_MARK, NULL);

  divert_maker_set_mark (m, rule, m->spare);
  return rule;
}

/* Packets that the kernel has sent towards the fence, and that are to go straight all the same: the mark, for which they
 * are routed anew, lets them pass.  Behind it, it is a mark like somebody else's, and they are left alone. */
void
divert_ruleset_make_pass (const DivertMaker *m)
{
  DivertRule *rule;

  if (m->spare == 0)
    return;
  add_dhcp (m, LOCAL_DIVERT_FENCE, DIVERT_TARGET_MARK, NULL);

  /* What the proxy sends in a server's name is for a program here, and never for a wire. */
  rule = divert_maker_add (m, LOCAL_DIVERT_FENCE, DIVERT_TARGET_CONNMARK, NULL);
  rule->protocol = IPPROTO_TCP;
  rule->src_types = DIVERT_ADDRTYPE_LOCAL;
  divert_maker_match_own_group (m, rule);
  divert_maker_set_mark (m, rule, m->spare);
  rule = add_pass (m);
  rule->src_types = DIVERT_ADDRTYPE_LOCAL;
  divert_maker_match_own_group (m, rule);

  rule = divert_maker_add (m, LOCAL_DIVERT_FENCE, DIVERT_TARGET_CONNMARK, NULL);
  match_opened_to_us (rule);
  /* One that bears a mark is ours, even if a stranger makes it look like this (TRAPS 14.2). */
  divert_match_mark (&rule->connmark, 0, m->config->mask, FALSE);
  divert_maker_set_mark (m, rule, m->spare);
  rule = add_pass (m);
  rule->protocol = IPPROTO_TCP;
  divert_match_mark (&rule->connmark, m->spare, m->config->mask, FALSE);

  if (!m->config->intranet_other_allow || m->decision->place == DIVERT_PLACE_HELD)
    return;
  for (guint i = 0; i < DIVERT_N_TCP_UDP; i++)
    divert_maker_add (m, LOCAL_DIVERT_FENCE, DIVERT_TARGET_RETURN, NULL)->protocol = divert_tcp_udp[i];
  add_pass (m);
}

/* What goes before all else; the cheapest and the most common first. */
void
divert_ruleset_make_beginning (const DivertMaker *m)
{
  DivertRule *rule;

  rule = divert_maker_add (m, LOCAL_DIVERT, DIVERT_TARGET_RETURN, N_("own addresses are reached directly"));
  g_strlcpy (rule->out_interface, "lo", sizeof rule->out_interface);
  if (m->spare != 0)
    {
      rule = divert_ruleset_add_to (m->ruleset, DIVERT_TABLE_MANGLE, LOCAL_DIVERT, m->families, DIVERT_TARGET_JUMP,
                                    LOCAL_DIVERT_FENCE, NULL);
      g_strlcpy (rule->out_interface, DIVERT_FENCE_DEVICE, sizeof rule->out_interface);
    }
  if (count_direct (m) <= DIRECT_FIRST_MAX)
    add_direct (m, LOCAL_DIVERT);
  divert_match_foreign_mark (divert_maker_add (m, LOCAL_DIVERT, DIVERT_TARGET_RETURN, N_("somebody else's mark is left alone")));
  add_dhcp (m, LOCAL_DIVERT, DIVERT_TARGET_RETURN, N_("DHCP is left alone"));
  if (m->config->dns_port != 0)
    add_dns_return (m, LOCAL_DIVERT);
}

/* In both chains that decide, behind the site's direct rules: to ask for a packet's owner takes a
 * lock, and what goes straight to the intranet at home need not be asked. */
static void
add_exemptions (const DivertMaker *m,
                const char        *chain)
{
  DivertRule *rule;

  if (m->spare != 0)
    {
      rule = divert_maker_add (m, chain, DIVERT_TARGET_RETURN, N_("a connection of the proxy's own, or opened to us, is left alone"));
      divert_match_mark (&rule->connmark, m->spare, m->config->mask, FALSE);

      /* Only TCP outlives its socket, and a UDP port may be somebody else's the next moment. */
      rule = divert_maker_add (m, chain, DIVERT_TARGET_CONNMARK, NULL);
      rule->protocol = IPPROTO_TCP;
      divert_maker_match_own_group (m, rule);
      divert_maker_set_mark (m, rule, m->spare);
    }
  divert_maker_match_own_group (m, divert_maker_add (m, chain, DIVERT_TARGET_RETURN, N_("the proxy's own packets are left alone")));
}

/* Decides about all that goes to no intranet, once per connection. */
void
divert_ruleset_make_connections (const DivertMaker *m,
                                 const char        *chain)
{
  DivertRule *rule;

  add_exemptions (m, chain);
  rule = divert_maker_add (m, chain, DIVERT_TARGET_RETURN, N_("replies of connections that others opened are left alone"));
  rule->ctdir = DIVERT_CTDIR_REPLY;

  rule = divert_maker_add (m, chain, DIVERT_TARGET_MARK, N_("its connection is diverted"));
  divert_match_mark (&rule->connmark, m->config->mark, m->config->mask, FALSE);
  divert_maker_set_mark (m, rule, m->config->mark);
  divert_maker_add_return_if_marked (m, chain);

  rule = divert_maker_add (m, chain, DIVERT_TARGET_RETURN, N_("a connection that was direct from its beginning stays so"));
  rule->not_new = TRUE;

  /* A connection older than conntrack looks new in its middle (TRAPS 2.7). */
  rule = divert_maker_add (m, chain, DIVERT_TARGET_RETURN, N_("a connection that was direct from its beginning stays so"));
  rule->protocol = IPPROTO_TCP;
  rule->has_tcp_flags = TRUE;
  rule->tcp_flags_invert = TRUE;
  rule->tcp_flags_mask = TCP_SYN_MASK;
  rule->tcp_flags_value = TCP_SYN;

  rule = divert_maker_add (m, chain, DIVERT_TARGET_RETURN, N_("packets of the kernel's own are left alone"));
  rule->no_socket = TRUE;

  divert_maker_add_special_addresses (m, chain);
  divert_maker_add_return_to (m, chain, "169.254.0.0/16", N_("link-local addresses are reached directly"));
  divert_maker_add_return_to (m, chain, "fe80::/10", N_("link-local addresses are reached directly"));

  for (guint i = 0; i < m->config->bypass->len; i++)
    {
      const DivertPrefix *prefix = divert_prefixes_index (m->config->bypass, i);

      if (divert_prefix_is_link_local (prefix))
        continue;
      rule = divert_maker_add_for (m, prefix->family, chain, DIVERT_TARGET_RETURN, N_("a bypass prefix is reached directly"));
      if (rule == NULL)
        continue;
      rule->has_destination = TRUE;
      rule->destination = *prefix;
    }

  divert_maker_add_marking (m, chain, N_("everything else goes to the proxy"));
  rule = divert_maker_add (m, chain, DIVERT_TARGET_CONNMARK, NULL);
  divert_match_mark (&rule->mark, m->config->mark, m->config->mask, FALSE);
  divert_maker_set_mark (m, rule, m->config->mark);
}

static void
add_neighbour_discovery (const DivertMaker *m)
{
  /* NS, NA: without them a router with an intranet's address (the same subnet elsewhere) finds us no more. */
  static const guint8 neighbour_discovery[] = { 135, 136 };
  DivertRule *rule;

  for (guint i = 0; i < G_N_ELEMENTS (neighbour_discovery); i++)
    {
      rule = divert_maker_add_for (m, DIVERT_FAMILY_IPV6, LOCAL_INTRANET_DIVERT, DIVERT_TARGET_RETURN, N_("neighbour discovery is left alone"));
      if (rule == NULL)
        continue;
      rule->protocol = IPPROTO_ICMPV6;
      rule->icmpv6_type = neighbour_discovery[i];
    }
}

static void
add_icmp_exemptions (const DivertMaker *m)
{
  static const guint8 icmp[DIVERT_N_FAMILIES] = { IPPROTO_ICMP, IPPROTO_ICMPV6 };
  DivertRule *rule;

  add_neighbour_discovery (m);
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      rule = divert_maker_add_for (m, family, LOCAL_INTRANET_DIVERT, DIVERT_TARGET_RETURN,
                                   N_("answers to what others ask of us are left alone"));
      if (rule == NULL)
        continue;
      rule->protocol = icmp[family];
      rule->ctdir = DIVERT_CTDIR_REPLY;
    }
}

/* The site in doubt: all protocols take the way over lo, where INTRANET_DIVERT drops them.  A drop here would be an error
 * for the program; there it is silence, and TCP sends again. */
static void
add_held (const DivertMaker *m)
{
  if (m->decision->place != DIVERT_PLACE_HELD)
    return;
  add_neighbour_discovery (m);
  for (guint i = 0; i < m->decision->direct->len; i++)
    {
      const DivertPrefix *prefix = divert_prefixes_index (m->decision->direct, i);
      DivertRule *rule = divert_maker_add_for (m, prefix->family, LOCAL_INTRANET_DIVERT, DIVERT_TARGET_MARK,
                                               N_("the site is in doubt for a moment: its intranet is blocked"));

      if (rule == NULL)
        continue;
      rule->has_destination = TRUE;
      rule->destination = *prefix;
      divert_maker_set_mark (m, rule, m->config->mark);
    }
  divert_maker_add_return_if_marked (m, LOCAL_INTRANET_DIVERT);
}

void
divert_ruleset_make_intranet (const DivertMaker *m)
{
  DivertRule *rule;

  if (count_direct (m) > DIRECT_FIRST_MAX)
    add_direct (m, LOCAL_INTRANET_DIVERT);
  add_exemptions (m, LOCAL_INTRANET_DIVERT);
  divert_maker_add_special_addresses (m, LOCAL_INTRANET_DIVERT);

  if (m->spare != 0)
    {
      rule = divert_maker_add (m, LOCAL_INTRANET_DIVERT, DIVERT_TARGET_CONNMARK, NULL);
      match_opened_to_us (rule);
      divert_maker_set_mark (m, rule, m->spare);
      rule = divert_maker_add (m, LOCAL_INTRANET_DIVERT, DIVERT_TARGET_RETURN, N_("a connection that was opened to us is left alone"));
      divert_match_mark (&rule->connmark, m->spare, m->config->mask, FALSE);
    }

  add_held (m);
  divert_maker_add_marking (m, LOCAL_INTRANET_DIVERT, N_("an intranet that we are not at is reached through the proxy"));
  if (m->config->intranet_other_allow)
    return;
  divert_maker_add_return_if_marked (m, LOCAL_INTRANET_DIVERT);
  add_icmp_exemptions (m);
  /* A drop in OUTPUT tells the program at once: EPERM. */
  divert_maker_add (m, LOCAL_INTRANET_DIVERT, DIVERT_TARGET_DROP, N_("no proxy carries this protocol to an intranet that we are not at"));
}
