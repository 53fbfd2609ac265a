/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the guard, which drops packets that would leave by a wire but must not: those meant for
 * diversion (GUARD), DNS (GUARD_DNS), and those to an intranet without a grant (GUARD_INTRANET).
 *
 * It does not rely on JUDGE.  If somebody empties the chains of the hook OUTPUT, nothing gets our
 * mark, and packets to an intranet are dropped here.  The guard only stops what this machine itself
 * sends, which it tells by our mark or by the source address: forwarded packets have somebody else's.
 * 0.0.0.0 is this machine's own, too: a socket that is bound to a device sends from there while the
 * device has no address (K3.7).
 *
 * What has a grant comes first, because at home it is most of what leaves.  DNS comes even before
 * that: a query that was not redirected must not leave with a grant either.  One that was, and has gone astray, is for
 * a loopback address.  No intranet has those, so it only comes before grants that are for all destinations.
 */
#include "ruleset-private.h"

#include <glib/gi18n-lib.h>

static void
add_drop (const DivertMaker *m,
          DivertChain        chain,
          guint              protocols,
          const char        *why)
{
  static const struct
  {
    DivertFamilies families;
    guint          types;
  } sources[] = {
    /* The kernel's routing calls 0.0.0.0 a broadcast address. */
    { DIVERT_FAMILIES_IPV4, DIVERT_ADDRTYPE_LOCAL | DIVERT_ADDRTYPE_BROADCAST },
    { DIVERT_FAMILIES_IPV6, DIVERT_ADDRTYPE_LOCAL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
    {
      DivertRule *rule = divert_maker_add (m, chain, DIVERT_VERDICT_DROP, why);

      rule->families &= sources[i].families;
      rule->protocols = protocols;
      rule->src_types = sources[i].types;
    }
}

/* Whatever its source: over IPv6 a socket goes on sending from an address that the machine has lost (K3.9).  What is
 * forwarded doesn't get here with our mark, because the ip rule for the mark leads it to lo. */
static void
add_marked_drop (const DivertMaker *m,
                 DivertChain        chain)
{
  DivertRule *rule = divert_maker_add (m, chain, DIVERT_VERDICT_DROP,
                                       N_("would leave by a wire although it is to be diverted"));

  divert_match_mark (&rule->mark, m->config->mark, m->config->mask, FALSE);
}

/* Packets that are left alone wherever they go; the cheapest checks first. */
static void
add_exemptions (const DivertMaker *m,
                DivertChain        chain)
{
  divert_match_foreign_mark (divert_maker_add_leave (m, chain, NULL));
  if (m->spare != 0)
    divert_maker_match_remembered (m, divert_maker_add_leave (m, chain, NULL), DIVERT_PROTOCOL_TCP,
                                   m->spare);
  divert_maker_match_own_group (m, divert_maker_add_leave (m, chain, NULL));
}

/* DNS with the spare mark: what NAMES has let go, or the proxy's own. */
static void
make_names (const DivertMaker *m)
{
  const DivertChain chain = DIVERT_CHAIN_GUARD_NAMES;
  DivertRule *rule;

  if (!divert_maker_lets (m, m->decision->dns))
    return;
  rule = divert_maker_add_to (m, DIVERT_CHAIN_GUARD_DNS, DIVERT_VERDICT_GOTO, chain);
  rule->protocols = DIVERT_PROTOCOLS_TCP_UDP;
  rule->dport = 53;
  divert_match_mark (&rule->mark, m->spare, m->config->mask, FALSE);
  divert_maker_add_to (m, chain, DIVERT_VERDICT_JUMP, DIVERT_CHAIN_NAMES_LEAVING);
  divert_maker_match_remembered (m, divert_maker_add_leave (m, chain, NULL), DIVERT_PROTOCOL_TCP, m->spare);
  divert_maker_match_own_group (m, divert_maker_add_leave (m, chain, NULL));
  add_drop (m, chain, 0, N_("DNS that was not redirected"));
}

static void
add_astray (const DivertMaker *m,
            guint16            port)
{
  DivertRule *rule = divert_maker_add (m, DIVERT_CHAIN_GUARD, DIVERT_VERDICT_DROP,
                                       N_("DNS for the proxy that would leave by a wire"));

  rule->protocols = DIVERT_PROTOCOLS_TCP_UDP;
  rule->dport = port;
  rule->destinations = divert_prefixes_new ();
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      DivertPrefix loopback;

      g_assert (divert_prefix_parse (divert_routing_get_loopback (family), &loopback, NULL));
      divert_prefixes_add (rule->destinations, &loopback);
    }
}

/* It was redirected, but its socket is bound to a device that has no route of ours.  For the program this is an error
 * at once, and a resolver goes on to its next server. */
static void
make_astray (const DivertMaker *m)
{
  if (m->config->dns_port == 0)
    return;
  add_astray (m, m->config->dns_port);
  if (divert_maker_find_circles (m) != DIVERT_FAMILIES_NONE)
    add_astray (m, DIVERT_PORT_CLOSED);
}

/* It does not matter whether connection tracking takes the packet for a reply, nor whether it was offered
 * to the hook DNS: a single datagram from port 53 turns our own queries to that server into "replies". */
static void
make_dns (const DivertMaker *m)
{
  if (m->config->dns_port == 0)
    return;
  divert_maker_match_dns (m, divert_maker_add_to (m, DIVERT_CHAIN_GUARD, DIVERT_VERDICT_GOTO, DIVERT_CHAIN_GUARD_DNS));
  add_marked_drop (m, DIVERT_CHAIN_GUARD_DNS);
  make_names (m);
  add_exemptions (m, DIVERT_CHAIN_GUARD_DNS);
  add_drop (m, DIVERT_CHAIN_GUARD_DNS, 0, N_("DNS that was not redirected"));
}

static void
make_intranet (const DivertMaker *m,
               GArray            *intranets)
{
  const DivertChain chain = DIVERT_CHAIN_GUARD_INTRANET;

  divert_maker_add_to (m, DIVERT_CHAIN_GUARD, DIVERT_VERDICT_GOTO, chain)->destinations = g_array_ref (intranets);
  divert_maker_add_to (m, chain, DIVERT_VERDICT_JUMP, DIVERT_CHAIN_FENCED);
  add_exemptions (m, chain);
  divert_maker_add_dhcp (m, chain);
  divert_maker_add_neighbour_discovery (m, chain);
  if (m->config->intranet_other_allow && m->decision->place != DIVERT_PLACE_HELD)
    divert_maker_add_leave (m, chain, NULL)->protocols = DIVERT_PROTOCOL_ICMP;
  add_drop (m, chain, 0, N_("would leave by a wire to an intranet that it may not reach directly"));
}

/* It also holds what a grant that has lapsed would let go (guard-alone.c), and what is held for a moment. */
static void
make_internet (const DivertMaker *m)
{
  const DivertChain chain = DIVERT_CHAIN_GUARD_INTERNET;

  if (!divert_maker_lets (m, m->decision->internet) && !divert_maker_holds (m))
    return;
  divert_maker_add_to (m, DIVERT_CHAIN_GUARD, DIVERT_VERDICT_GOTO, chain);
  if (!divert_maker_holds (m))
    divert_maker_add_to (m, chain, DIVERT_VERDICT_JUMP, DIVERT_CHAIN_INTERNET);
  divert_maker_add_to (m, chain, DIVERT_VERDICT_JUMP, DIVERT_CHAIN_FENCED_INTERNET);
  add_exemptions (m, chain);
  divert_exemptions_add_bypass (m, chain, DIVERT_VERDICT_LEAVE);
  divert_exemptions_add_link_local (m, chain, DIVERT_VERDICT_LEAVE);
  divert_maker_add_dhcp (m, chain);
  divert_exemptions_add_served (m, chain, DIVERT_VERDICT_LEAVE);
  divert_exemptions_add_special (m, chain, DIVERT_VERDICT_LEAVE);
  add_drop (m, chain, DIVERT_PROTOCOLS_TCP_UDP, N_("would leave by a wire although it is to be diverted"));
}

void
divert_ruleset_make_guard (const DivertMaker *m,
                           GArray            *intranets)
{
  make_dns (m);
  if (m->everything)
    make_astray (m);
  divert_maker_add_to (m, DIVERT_CHAIN_GUARD, DIVERT_VERDICT_JUMP, DIVERT_CHAIN_GRANTS);
  if (!m->everything)
    make_astray (m);
  add_marked_drop (m, DIVERT_CHAIN_GUARD);
  make_intranet (m, intranets);
  make_internet (m);
}
