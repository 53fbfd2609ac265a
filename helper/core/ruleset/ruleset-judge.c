/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: JUDGE, GRANTS and INTRANET, where each packet that this machine sends
 * is judged.  The theory stands at the head of ruleset.c.
 */
#include "ruleset-private.h"

#include <glib/gi18n-lib.h>

#define TCP_SYN 0x02
#define TCP_ACK 0x10
/* What --syn looks at: FIN, SYN, RST, ACK. */
#define TCP_SYN_MASK 0x17

/* Both ports, so that only a DHCP client's privileged socket gets through: without its lease the machine is
 * lost, also where the lease's server has an intranet's address (TRAPS 5.2). */
static void
add_dhcp (const DivertMaker *m)
{
  static const guint16 ports[DIVERT_N_FAMILIES][2] = {
    [DIVERT_FAMILY_IPV4] = { 68, 67 },
    [DIVERT_FAMILY_IPV6] = { 546, 547 },
  };

  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      DivertRule *rule = divert_maker_add_leave (m, DIVERT_CHAIN_JUDGE, N_("DHCP is left alone"));

      rule->families = 1 << family;
      rule->protocols = DIVERT_PROTOCOL_UDP;
      rule->sport = ports[family][0];
      rule->dport = ports[family][1];
    }
}

/* What goes before all else; the cheapest and the most common first. */
static void
add_beginning (const DivertMaker *m)
{
  DivertRule *rule;

  rule = divert_maker_add_leave (m, DIVERT_CHAIN_JUDGE, N_("own addresses are reached directly"));
  g_strlcpy (rule->out_interface, "lo", sizeof rule->out_interface);
  divert_maker_add_to (m, DIVERT_CHAIN_JUDGE, DIVERT_VERDICT_JUMP, DIVERT_CHAIN_GRANTS);
  divert_match_foreign_mark (divert_maker_add_leave (m, DIVERT_CHAIN_JUDGE, N_("somebody else's mark is left alone")));
  add_dhcp (m);
  if (m->config->dns_port == 0)
    return;
  rule = divert_maker_add_leave (m, DIVERT_CHAIN_JUDGE, N_("DNS is redirected to the proxy's DNS port"));
  rule->protocols = DIVERT_PROTOCOLS_TCP_UDP;
  rule->dport = 53;
}

void
divert_ruleset_make_grants (const DivertMaker *m)
{
  if (m->decision->place != DIVERT_PLACE_SITE)
    return;
  for (guint i = 0; i < m->decision->exits->len; i++)
    {
      const DivertExit *way_out = g_ptr_array_index (m->decision->exits, i);
      DivertRule *rule = divert_maker_add_leave (m, DIVERT_CHAIN_GRANTS,
                                                 N_("the intranet of the site that we are at is reached directly"));

      g_strlcpy (rule->out_interface, way_out->device, sizeof rule->out_interface);
      rule->sources = divert_prefixes_copy (way_out->sources);
      rule->destinations = divert_prefixes_copy (m->decision->direct);
    }
}

/* In both chains that decide, behind the site's direct rules: to ask for a packet's owner takes a
 * lock, and what goes straight to the intranet at home need not be asked. */
static void
add_exemptions (const DivertMaker *m,
                DivertChain        chain)
{
  DivertRule *rule;

  if (m->spare != 0)
    {
      rule = divert_maker_add_leave (m, chain, N_("a connection of the proxy's own, or opened to us, is left alone"));
      divert_match_mark (&rule->connmark, m->spare, m->config->mask, FALSE);

      /* Only TCP outlives its socket, and a UDP port may be somebody else's the next moment. */
      rule = divert_maker_add (m, chain, DIVERT_VERDICT_CONNMARK, NULL);
      rule->protocols = DIVERT_PROTOCOL_TCP;
      divert_maker_match_own_group (m, rule);
      divert_maker_set_mark (m, rule, m->spare);
    }
  divert_maker_match_own_group (m, divert_maker_add_leave (m, chain, N_("the proxy's own packets are left alone")));
}

static void
add_link_local (const DivertMaker *m)
{
  static const DivertPrefix prefixes[] = {
    { .family = DIVERT_FAMILY_IPV4, .length = 16, .bytes = { 169, 254 } },
    { .family = DIVERT_FAMILY_IPV6, .length = 10, .bytes = { 0xfe, 0x80 } },
  };
  DivertRule *rule = divert_maker_add_leave (m, DIVERT_CHAIN_JUDGE, N_("link-local addresses are reached directly"));

  rule->destinations = divert_prefixes_new ();
  g_array_append_vals (rule->destinations, prefixes, G_N_ELEMENTS (prefixes));
}

static void
add_bypass (const DivertMaker *m)
{
  DivertRule *rule = divert_maker_add_leave (m, DIVERT_CHAIN_JUDGE, N_("a bypass prefix is reached directly"));

  rule->destinations = divert_prefixes_new ();
  for (guint i = 0; i < m->config->bypass->len; i++)
    {
      const DivertPrefix *prefix = divert_prefixes_index (m->config->bypass, i);

      if (!divert_prefix_is_link_local (prefix))
        divert_prefixes_add (rule->destinations, prefix);
    }
}

/* Decides about all that goes to no intranet, once per connection. */
static void
add_connections (const DivertMaker *m)
{
  const DivertChain chain = DIVERT_CHAIN_JUDGE;
  DivertRule *rule;

  add_exemptions (m, chain);
  rule = divert_maker_add_leave (m, chain, N_("replies of connections that others opened are left alone"));
  rule->ctdir = DIVERT_CTDIR_REPLY;

  rule = divert_maker_add (m, chain, DIVERT_VERDICT_MARK, N_("its connection is diverted"));
  divert_match_mark (&rule->connmark, m->config->mark, m->config->mask, FALSE);
  divert_maker_set_mark (m, rule, m->config->mark);
  divert_maker_add_leave_if_marked (m, chain);

  rule = divert_maker_add_leave (m, chain, N_("a connection that was direct from its beginning stays so"));
  rule->not_new = TRUE;

  /* A connection older than conntrack looks new in its middle (TRAPS 2.7). */
  rule = divert_maker_add_leave (m, chain, N_("a connection that was direct from its beginning stays so"));
  rule->protocols = DIVERT_PROTOCOL_TCP;
  rule->has_tcp_flags = TRUE;
  rule->tcp_flags_invert = TRUE;
  rule->tcp_flags_mask = TCP_SYN_MASK;
  rule->tcp_flags_value = TCP_SYN;

  rule = divert_maker_add_leave (m, chain, N_("packets of the kernel's own are left alone"));
  rule->no_socket = TRUE;

  divert_maker_add_special_addresses (m, chain);
  add_link_local (m);
  add_bypass (m);

  divert_maker_add_marking (m, chain, N_("everything else goes to the proxy"));
  rule = divert_maker_add (m, chain, DIVERT_VERDICT_CONNMARK, NULL);
  divert_match_mark (&rule->mark, m->config->mark, m->config->mask, FALSE);
  divert_maker_set_mark (m, rule, m->config->mark);
}

void
divert_ruleset_make_judge (const DivertMaker *m,
                           GArray            *intranets)
{
  DivertRule *rule;

  add_beginning (m);
  rule = divert_maker_add_to (m, DIVERT_CHAIN_JUDGE, DIVERT_VERDICT_GOTO, DIVERT_CHAIN_INTRANET);
  rule->destinations = g_array_ref (intranets);
  add_connections (m);
}

static void
add_neighbour_discovery (const DivertMaker *m)
{
  /* NS, NA: without them a router with an intranet's address (the same subnet elsewhere) finds us no more. */
  static const guint8 neighbour_discovery[] = { 135, 136 };

  for (guint i = 0; i < G_N_ELEMENTS (neighbour_discovery); i++)
    {
      DivertRule *rule = divert_maker_add_leave (m, DIVERT_CHAIN_INTRANET, N_("neighbour discovery is left alone"));

      rule->families = DIVERT_FAMILIES_IPV6;
      rule->protocols = DIVERT_PROTOCOL_ICMP;
      rule->icmpv6_type = neighbour_discovery[i];
    }
}

static void
add_icmp_exemptions (const DivertMaker *m)
{
  DivertRule *rule;

  add_neighbour_discovery (m);
  rule = divert_maker_add_leave (m, DIVERT_CHAIN_INTRANET, N_("answers to what others ask of us are left alone"));
  rule->protocols = DIVERT_PROTOCOL_ICMP;
  rule->ctdir = DIVERT_CTDIR_REPLY;
}

/* The site in doubt: all protocols take the way over lo, where DELIVER_INTRANET drops them.  A drop here would be an
 * error for the program; there it is silence, and TCP sends again. */
static void
add_held (const DivertMaker *m)
{
  DivertRule *rule;

  if (m->decision->place != DIVERT_PLACE_HELD)
    return;
  add_neighbour_discovery (m);
  rule = divert_maker_add (m, DIVERT_CHAIN_INTRANET, DIVERT_VERDICT_MARK,
                           N_("the site is in doubt for a moment: its intranet is blocked"));
  rule->destinations = divert_prefixes_copy (m->decision->direct);
  divert_maker_set_mark (m, rule, m->config->mark);
  divert_maker_add_leave_if_marked (m, DIVERT_CHAIN_INTRANET);
}

void
divert_ruleset_make_intranet (const DivertMaker *m)
{
  DivertRule *rule;

  add_exemptions (m, DIVERT_CHAIN_INTRANET);
  divert_maker_add_special_addresses (m, DIVERT_CHAIN_INTRANET);

  if (m->spare != 0)
    {
      rule = divert_maker_add (m, DIVERT_CHAIN_INTRANET, DIVERT_VERDICT_CONNMARK, NULL);
      rule->protocols = DIVERT_PROTOCOL_TCP;
      rule->has_tcp_flags = TRUE;
      rule->tcp_flags_mask = TCP_SYN | TCP_ACK;
      rule->tcp_flags_value = TCP_SYN | TCP_ACK;
      rule->ctdir = DIVERT_CTDIR_REPLY;
      divert_maker_set_mark (m, rule, m->spare);
      rule = divert_maker_add_leave (m, DIVERT_CHAIN_INTRANET, N_("a connection that was opened to us is left alone"));
      divert_match_mark (&rule->connmark, m->spare, m->config->mask, FALSE);
    }

  add_held (m);
  divert_maker_add_marking (m, DIVERT_CHAIN_INTRANET,
                            N_("an intranet that we are not at is reached through the proxy"));
  if (m->config->intranet_other_allow)
    return;
  divert_maker_add_leave_if_marked (m, DIVERT_CHAIN_INTRANET);
  add_icmp_exemptions (m);
  /* A drop in OUTPUT tells the program at once: EPERM. */
  divert_maker_add (m, DIVERT_CHAIN_INTRANET, DIVERT_VERDICT_DROP,
                    N_("no proxy carries this protocol to an intranet that we are not at"));
}
