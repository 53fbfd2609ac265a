/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: JUDGE, GRANTS and INTRANET, which judge each packet that this machine sends.  The theory is
 * at the head of ruleset.c.
 */
#include "fence.h"
#include "ruleset-private.h"

#include <glib/gi18n-lib.h>

/* A connection that the proxy opens is its own, whatever a connection mark says of an earlier one with the same
 * ports. */
static void
add_claim (const DivertMaker *m)
{
  DivertRule *rule = divert_maker_add (m, DIVERT_CHAIN_JUDGE, DIVERT_VERDICT_CONNMARK, NULL);

  divert_rule_match_opening (rule);
  divert_maker_set_mark (m, rule, m->spare);
  divert_maker_match_own (m, rule);
}

/* The proxy's own flow may use the ports of an earlier, diverted one that connection tracking still remembers.  So the
 * group counts more than that connection mark.  INTRANET leaves the proxy's own alone, wherever they go. */
static void
add_own_first (const DivertMaker *m)
{
  DivertRule *rule = divert_maker_add_to (m, DIVERT_CHAIN_DIVERTED, DIVERT_VERDICT_GOTO, DIVERT_CHAIN_INTRANET);

  rule->protocols = DIVERT_PROTOCOL_UDP;
  divert_maker_match_own (m, rule);
}

/* All other packets ask for their connection mark once. */
void
divert_ruleset_make_diverted (const DivertMaker *m)
{
  DivertRule *rule;

  if (m->spare != 0)
    add_own_first (m);
  rule = divert_maker_add (m, DIVERT_CHAIN_DIVERTED, DIVERT_VERDICT_MARK_LEAVE, N_("its connection is diverted"));
  divert_maker_set_mark (m, rule, m->config->mark);
}

/* The same if there is no mark to claim a connection with. */
static void
add_own_unmarked (const DivertMaker *m)
{
  DivertRule *rule = divert_maker_add_leave (m, DIVERT_CHAIN_JUDGE, N_("the proxy's own packets are left alone"));

  rule->protocols = DIVERT_PROTOCOLS_TCP_UDP;
  divert_maker_match_own (m, rule);
}

/* Somebody else's mark is on few packets, so it costs the others less than the fence's device would. */
static void
add_foreign (const DivertMaker *m)
{
  static const char why[] = N_("somebody else's mark is left alone");
  DivertRule *rule;

  if (m->spare == 0)
    {
      divert_match_foreign_mark (divert_maker_add_leave (m, DIVERT_CHAIN_JUDGE, why));
      return;
    }
  divert_match_foreign_mark (divert_maker_add_to (m, DIVERT_CHAIN_JUDGE, DIVERT_VERDICT_GOTO, DIVERT_CHAIN_FOREIGN));
  rule = divert_maker_add_to (m, DIVERT_CHAIN_FOREIGN, DIVERT_VERDICT_JUMP, DIVERT_CHAIN_PASS);
  g_strlcpy (rule->out_interface, DIVERT_FENCE_DEVICE, sizeof rule->out_interface);
  divert_maker_add_leave (m, DIVERT_CHAIN_FOREIGN, why);
}

/* The guard drops DNS that was not redirected, even where the grants have let it go. */
static void
add_dns_of_unit (const DivertMaker *m)
{
  DivertRule *rule;

  if (m->unit == NULL || m->config->dns_port == 0)
    return;
  rule = divert_maker_add (m, DIVERT_CHAIN_JUDGE, DIVERT_VERDICT_CONNMARK, NULL);
  divert_rule_match_opening (rule);
  rule->dport = 53;
  divert_maker_set_mark (m, rule, m->spare);
  divert_rule_match_unit (rule, m->unit);
  rule = divert_maker_mark_unit (m, DIVERT_CHAIN_JUDGE);
  rule->protocols = DIVERT_PROTOCOLS_TCP_UDP;
  rule->dport = 53;
}

/* What GRANTS leaves alone never gets to what comes behind it. */
static void
add_grants (const DivertMaker *m)
{
  if (m->everything && m->spare != 0)
    add_claim (m);
  divert_internet_add_names (m, m->everything ? DIVERT_CHAIN_NAMES : DIVERT_CHAIN_NAMES_INTRANET);
  divert_maker_add_to (m, DIVERT_CHAIN_JUDGE, DIVERT_VERDICT_JUMP, DIVERT_CHAIN_GRANTS);
}

/* These rules come first; among them, the cheapest and the most common first. */
static void
add_beginning (const DivertMaker *m)
{
  DivertRule *rule;

  add_dns_of_unit (m);
  add_grants (m);
  rule = divert_maker_add_leave (m, DIVERT_CHAIN_JUDGE, N_("own addresses are reached directly"));
  g_strlcpy (rule->out_interface, "lo", sizeof rule->out_interface);
  add_foreign (m);
  if (m->spare != 0 && !m->everything)
    add_claim (m);
  if (m->spare == 0)
    add_own_unmarked (m);
  rule = divert_maker_add_to (m, DIVERT_CHAIN_JUDGE, DIVERT_VERDICT_GOTO, DIVERT_CHAIN_DIVERTED);
  divert_match_mark (&rule->connmark, m->config->mark, m->config->mask, FALSE);
}

DivertRule *
divert_judge_leave_dns (const DivertMaker *m,
                        DivertChain        chain)
{
  DivertRule *rule = divert_maker_add_leave (m, chain, N_("DNS is redirected to the proxy's DNS port"));

  divert_maker_match_dns (m, rule);
  return rule;
}

/* While the proxy isn't known, it might get its own questions back.  So they are diverted, and refused there. */
void
divert_judge_add_dns (const DivertMaker *m,
                      DivertChain        chain)
{
  DivertRule *rule;

  if (m->config->dns_port == 0)
    return;
  rule = divert_judge_leave_dns (m, chain);
  if (divert_maker_knows_proxy (m))
    return;
  rule->verdict = DIVERT_VERDICT_MARK_LEAVE;
  rule->why = N_("the proxy's unit does not run");
  divert_maker_set_mark (m, rule, m->config->mark);
}

/* Packets on their way to the fence's device are left to it, because it swallows them silently. */
static void
add_swallowed (const DivertMaker *m,
               DivertChain        chain)
{
  DivertRule *rule = divert_maker_add_leave (m, chain,
                                             N_("the site is in doubt for a moment: its intranet is blocked"));

  g_strlcpy (rule->out_interface, DIVERT_FENCE_DEVICE, sizeof rule->out_interface);
  rule->destinations = g_array_ref (m->decision->direct);
}

/* The fence closes before the filter is written, and opens after it.  A packet that meets the fence in
 * between belongs to a connection that goes direct.  If it were diverted, it would find no socket of the
 * proxy's, and the resulting reset would end the connection.  FENCED must become empty together with GRANTS,
 * whoever withdraws the grant. */
void
divert_ruleset_make_grants (const DivertMaker *m)
{
  static const char intranet[] = N_("the intranet of the site that we are at is reached directly");
  static const char everything[] = N_("at this site, its intranet and the internet are reached directly");

  if (m->decision->place != DIVERT_PLACE_SITE)
    return;
  for (guint i = 0; i < m->decision->exits->len; i++)
    {
      const DivertExit *way_out = g_ptr_array_index (m->decision->exits, i);
      DivertRule *rule = divert_maker_add (m, DIVERT_CHAIN_GRANTS, DIVERT_VERDICT_LEAVE,
                                           m->everything ? everything : intranet);

      g_strlcpy (rule->out_interface, way_out->device, sizeof rule->out_interface);
      rule->out_index = way_out->ifindex;
      rule->sources = divert_prefixes_copy (way_out->sources);
      if (!m->everything)
        rule->destinations = g_array_ref (m->decision->direct);
    }
  add_swallowed (m, DIVERT_CHAIN_FENCED);
}

static void
add_remembered (const DivertMaker *m,
                DivertChain        chain,
                DivertProtocol     protocol,
                guint32            value)
{
  static const char why[] = N_("a connection of the proxy's own, or opened to us, is left alone");

  if (value != 0)
    divert_maker_match_remembered (m, divert_maker_add_leave (m, chain, why), protocol, value);
}

/* What the proxy sends in a server's name isn't its own, so it claims no connection.  When a client's
 * address has just gone, the proxy's next segment to it leaves this machine, and connection tracking
 * takes it for a new connection.  The address may come back in a stranger's network.  Then the kernel
 * answers the proxy with a reset, which belongs to that connection.
 *
 * Only TCP outlives its socket, so only TCP is left alone for its mark.  A datagram's mark just says
 * that it is worth while to ask for the group early. */
void
divert_ruleset_make_own (const DivertMaker *m)
{
  DivertRule *rule;

  if (m->spare != 0)
    {
      rule = divert_maker_add (m, DIVERT_CHAIN_OWN, DIVERT_VERDICT_CONNMARK, NULL);
      rule->protocols = DIVERT_PROTOCOLS_TCP_UDP;
      rule->src_types = DIVERT_ADDRTYPE_LOCAL;
      divert_maker_set_mark (m, rule, m->spare);
    }
  divert_maker_add_leave (m, DIVERT_CHAIN_OWN, N_("the proxy's own packets are left alone"));
}

static void
add_own (const DivertMaker *m,
         DivertChain        chain)
{
  divert_maker_match_own (m, divert_maker_add_to (m, chain, DIVERT_VERDICT_GOTO, DIVERT_CHAIN_OWN));
}

static void
add_own_datagrams (const DivertMaker *m)
{
  DivertRule *rule = divert_maker_add_leave (m, DIVERT_CHAIN_JUDGE, N_("the proxy's own packets are left alone"));

  divert_maker_match_remembered (m, rule, DIVERT_PROTOCOL_UDP, m->spare);
  divert_maker_match_own (m, rule);
}

void
divert_judge_add_marking (const DivertMaker *m,
                          DivertChain        chain,
                          const char        *why)
{
  DivertRule *rule = divert_maker_add (m, chain, DIVERT_VERDICT_MARK, why);

  rule->protocols = DIVERT_PROTOCOLS_TCP_UDP;
  divert_maker_set_mark (m, rule, m->config->mark);
  rule = divert_maker_add (m, chain, DIVERT_VERDICT_CONNMARK, NULL);
  divert_match_mark (&rule->mark, m->config->mark, m->config->mask, FALSE);
  divert_maker_set_mark (m, rule, m->config->mark);
}

/* The bypass prefixes come as early as they can: behind what the intranets and the connection mark decide. */
void
divert_ruleset_make_judge (const DivertMaker *m,
                           GArray            *intranets)
{
  const DivertChain chain = DIVERT_CHAIN_JUDGE;

  add_beginning (m);
  divert_maker_add_to (m, chain, DIVERT_VERDICT_GOTO, DIVERT_CHAIN_INTRANET)->destinations = g_array_ref (intranets);
  divert_internet_add_granted (m);
  divert_internet_add_fenced (m);

  add_remembered (m, chain, DIVERT_PROTOCOL_TCP, m->spare);
  if (m->unit != NULL && divert_maker_grants (m))
    divert_maker_mark_unit (m, chain);
  if (m->spare != 0)
    add_own_datagrams (m);
  if (!m->decision->internet)
    divert_internet_add_names (m, DIVERT_CHAIN_NAMES);
  if (!divert_internet_is_behind_dns (m))
    divert_judge_add_dns (m, chain);
  divert_exemptions_add_bypass (m, chain, DIVERT_VERDICT_LEAVE);
  divert_exemptions_add_link_local (m, chain, DIVERT_VERDICT_LEAVE);
  divert_maker_add_dhcp (m, chain);
  add_own (m, chain);
  divert_exemptions_add_served (m, chain, DIVERT_VERDICT_LEAVE);
  divert_exempt_add_units (m, chain, divert_maker_grants (m) ? m->served : 0);
  divert_exemptions_add_special (m, chain, DIVERT_VERDICT_LEAVE);
  if (divert_maker_holds (m))
    divert_maker_add_to (m, chain, DIVERT_VERDICT_JUMP, DIVERT_CHAIN_INTERNET);
  divert_judge_add_marking (m, chain, N_("everything else goes to the proxy"));
}

/* For a site in doubt: send all protocols over lo, where DELIVER_INTRANET drops them.  A drop here would
 * be an error for the program; there it is silent, and TCP sends the packet again.  The connection is not
 * marked. */
static void
add_held (const DivertMaker *m)
{
  DivertRule *rule;

  if (m->decision->place != DIVERT_PLACE_HELD)
    return;
  /* Going over lo has a race: a packet still there when the grant returns would reach the proxy. */
  add_swallowed (m, DIVERT_CHAIN_INTRANET);
  rule = divert_maker_add (m, DIVERT_CHAIN_INTRANET, DIVERT_VERDICT_MARK,
                           N_("the site is in doubt for a moment: its intranet is blocked"));
  rule->destinations = g_array_ref (m->decision->direct);
  divert_maker_set_mark (m, rule, m->config->mark);
  divert_maker_add_leave_if_marked (m, DIVERT_CHAIN_INTRANET);
}

/* Towards the fence; what passes it has a mark by then. */
static void
add_passing (const DivertMaker *m)
{
  DivertRule *rule = divert_maker_add_to (m, DIVERT_CHAIN_INTRANET, DIVERT_VERDICT_JUMP, DIVERT_CHAIN_PASS);

  g_strlcpy (rule->out_interface, DIVERT_FENCE_DEVICE, sizeof rule->out_interface);
  divert_match_foreign_mark (divert_maker_add_leave (m, DIVERT_CHAIN_INTRANET,
                                                     N_("somebody else's mark is left alone")));
}

void
divert_ruleset_make_intranet (const DivertMaker *m)
{
  const DivertChain chain = DIVERT_CHAIN_INTRANET;

  if (m->spare != 0)
    add_passing (m);
  divert_maker_add_to (m, chain, DIVERT_VERDICT_JUMP, DIVERT_CHAIN_FENCED);
  divert_maker_add_dhcp (m, chain);
  if (m->unit != NULL)
    divert_maker_mark_unit (m, chain);
  divert_judge_add_dns (m, chain);
  add_remembered (m, chain, DIVERT_PROTOCOL_TCP, m->spare);
  add_own (m, chain);
  divert_maker_add_neighbour_discovery (m, chain);
  add_held (m);
  divert_judge_add_marking (m, chain, N_("an intranet that we are not at is reached through the proxy"));
  divert_maker_add_leave_if_marked (m, chain);
  if (m->config->intranet_other_allow)
    divert_maker_add_leave (m, chain, N_("ICMP to an intranet is allowed"))->protocols =
        DIVERT_PROTOCOL_ICMP;
  /* A drop in OUTPUT is an immediate error for the program: EPERM. */
  divert_maker_add (m, chain, DIVERT_VERDICT_DROP,
                    N_("no proxy carries this protocol to an intranet that we are not at"));
}
