/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the guard, which drops packets that would leave by a wire but must not: those meant for
 * diversion (GUARD), DNS (GUARD_DNS), and those to an intranet without a grant (GUARD_INTRANET).
 *
 * It does not rely on JUDGE.  If somebody empties the chains of the hook OUTPUT, nothing gets our
 * mark, and packets to an intranet are dropped here.  What goes elsewhere is stopped only if this machine itself
 * sends it, which the guard tells by our mark or by the source address: forwarded packets have somebody else's.
 * 0.0.0.0 is this machine's own, too: a socket that is bound to a device sends from there while the
 * device has no address (K3.7).
 *
 * To an intranet nobody's packets leave without a reason.  What an own LAN sends to the site that we are at, and what
 * has somebody else's mark, is left alone, so the routing table says where it goes, and in a network next to that of
 * the site a stranger may have a better route for it (a longer prefix, a lower metric).  Neither the chains that left
 * it alone nor the fence's gates know the device.  Here it is known: EXITS lets such packets leave by the devices that
 * proved the site.
 *
 * What has a grant comes first, because at home it is most of what leaves.  DNS comes even before
 * that: a query that was not redirected must not leave with a grant either.  One that was, and has gone astray, is for
 * a loopback address.  No intranet has those, so it only comes before grants that are for all destinations.
 */
#include "fence.h"
#include "lans.h"
#include "ruleset-private.h"

#include <glib/gi18n-lib.h>

/* Of this machine's addresses.  The kernel's routing calls 0.0.0.0 a broadcast address. */
static guint
get_own_types (DivertFamily family)
{
  return family == DIVERT_FAMILY_IPV4 ? DIVERT_ADDRTYPE_LOCAL | DIVERT_ADDRTYPE_BROADCAST : DIVERT_ADDRTYPE_LOCAL;
}

/* @unmarked: what has somebody else's mark comes later. */
static void
add_drop (const DivertMaker *m,
          DivertChain        chain,
          guint              protocols,
          gboolean           unmarked,
          const char        *why)
{
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      DivertRule *rule = divert_maker_add (m, chain, DIVERT_VERDICT_DROP, why);

      rule->families &= 1 << family;
      rule->protocols = protocols;
      rule->src_types = get_own_types (family);
      if (unmarked)
        divert_match_mark (&rule->mark, 0, G_MAXUINT32, FALSE);
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

/* What goes to the fence is swallowed there without a word. */
static void
add_last_drop (const DivertMaker *m,
               DivertChain        chain,
               const char        *why)
{
  DivertRule *rule = divert_maker_add (m, chain, DIVERT_VERDICT_DROP, why);

  g_strlcpy (rule->out_interface, DIVERT_FENCE_DEVICE, sizeof rule->out_interface);
  rule->out_invert = TRUE;
}

static void
add_own (const DivertMaker *m,
         DivertChain        chain)
{
  if (m->spare != 0)
    divert_maker_match_remembered (m, divert_maker_add_leave (m, chain, NULL), DIVERT_PROTOCOL_TCP,
                                   m->spare);
  divert_maker_match_own_group (m, divert_maker_add_leave (m, chain, NULL));
}

/* Packets that are left alone wherever they go; the cheapest checks first. */
static void
add_exemptions (const DivertMaker *m,
                DivertChain        chain)
{
  divert_match_foreign_mark (divert_maker_add_leave (m, chain, NULL));
  add_own (m, chain);
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
  add_drop (m, chain, 0, FALSE, N_("DNS that was not redirected"));
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

/* Where the internet goes direct, what own LANs send is left alone, so it goes where the routing table says. */
static gboolean
lets_lans (const DivertMaker *m)
{
  return divert_maker_lets (m, m->decision->internet) && m->config->forward == DIVERT_FORWARD_ALL;
}

/* From @chain, what has nobody's mark. */
static void
add_lans (const DivertMaker *m,
          DivertChain        chain)
{
  for (guint i = 0; lets_lans (m) && i < m->lans->len; i++)
    {
      DivertRule *rule = divert_maker_add_to (m, chain, DIVERT_VERDICT_GOTO, DIVERT_CHAIN_GUARD_LANS);

      rule->protocols = DIVERT_PROTOCOLS_TCP_UDP;
      rule->sources = g_array_ref (((DivertLan *) g_ptr_array_index (m->lans, i))->prefixes);
      divert_match_mark (&rule->mark, 0, G_MAXUINT32, FALSE);
    }
}

/* It may go to another own LAN as well. */
static void
make_lans (const DivertMaker *m)
{
  const DivertChain chain = DIVERT_CHAIN_GUARD_LANS;

  if (!lets_lans (m) || m->lans->len == 0)
    return;
  for (guint i = 0; i < m->lans->len; i++)
    {
      DivertRule *rule = divert_maker_add_leave (m, chain, NULL);

      g_strlcpy (rule->out_interface, ((DivertLan *) g_ptr_array_index (m->lans, i))->name, sizeof rule->out_interface);
    }
  divert_maker_add_to (m, chain, DIVERT_VERDICT_JUMP, DIVERT_CHAIN_EXITS_INTERNET);
  add_last_drop (m, chain, N_("would leave by a wire although it is to be diverted"));
}

/* It does not matter whether connection tracking takes the packet for a reply, nor whether it was offered
 * to the hook DNS: a single datagram from port 53 turns our own queries to that server into "replies". */
static void
make_dns (const DivertMaker *m,
          GArray            *intranets)
{
  const DivertChain chain = DIVERT_CHAIN_GUARD_DNS;

  if (m->config->dns_port == 0)
    return;
  divert_maker_match_dns (m, divert_maker_add_to (m, DIVERT_CHAIN_GUARD, DIVERT_VERDICT_GOTO, chain));
  add_marked_drop (m, chain);
  make_names (m);
  add_own (m, chain);
  add_drop (m, chain, 0, TRUE, N_("DNS that was not redirected"));
  /* Others', and what somebody else has marked. */
  if (intranets->len > 0)
    divert_maker_add_to (m, chain, DIVERT_VERDICT_GOTO, DIVERT_CHAIN_GUARD_INTRANET)->destinations =
        g_array_ref (intranets);
  add_lans (m, chain);
}

/* What PASS and another rule have marked as the proxy's unit's.  Here nobody can ask for that any more; what else PASS
 * marks is known by other means. */
static void
add_marked_by_us (const DivertMaker *m,
                  DivertChain        chain)
{
  const guint32 values[] = { m->spare, m->served };

  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    if (m->unit != NULL && values[i] != 0)
      divert_match_mark (&divert_maker_add_leave (m, chain, NULL)->mark, values[i], m->config->mask, FALSE);
}

/* The helper itself asks a site's beacon before it knows whether this is the site, with this mark (run/inquiry.c). */
static void
add_beacons (const DivertMaker *m,
             DivertChain        chain,
             const GArray      *intranets)
{
  for (guint i = 0; i < m->config->sites->len; i++)
    {
      const DivertSite *site = g_ptr_array_index (m->config->sites, i);
      DivertRule *rule;

      if (!site->has_beacon || !divert_prefixes_contain (intranets, &site->beacon.address))
        continue;
      rule = divert_maker_add_leave (m, chain, N_("a site's beacon is asked directly"));
      rule->protocols = DIVERT_PROTOCOL_TCP;
      rule->dport = site->beacon.port;
      rule->destinations = divert_prefixes_new ();
      divert_prefixes_add (rule->destinations, &site->beacon.address);
      divert_match_mark (&rule->mark, divert_ruleset_get_bypass_mark (m->config), G_MAXUINT32, FALSE);
    }
}

/* What goes to a container or a virtual machine that has an address of an intranet.  With br_netfilter, frames from one
 * to another come by here as well. */
static void
add_inner (const DivertMaker *m,
           DivertChain        chain,
           const GArray      *intranets)
{
  g_autoptr(GPtrArray) inner = divert_lans_list_inner (m->config, m->decision, m->facts, intranets);

  for (guint i = 0; i < inner->len; i++)
    {
      DivertRule *rule = divert_maker_add_leave (m, chain, NULL);

      g_strlcpy (rule->out_interface, g_ptr_array_index (inner, i), sizeof rule->out_interface);
    }
}

/* This machine's only: a container can use a DHCP client's ports, too. */
static void
add_own_dhcp (const DivertMaker *m,
              DivertChain        chain)
{
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      DivertRule *rule = divert_maker_add_leave (m, chain, N_("DHCP is left alone"));

      divert_maker_match_dhcp (rule, family);
      rule->src_types = get_own_types (family);
    }
}

static void
make_intranet (const DivertMaker *m,
               GArray            *intranets)
{
  static const char why[] = N_("would leave by a wire to an intranet that it may not reach directly");
  const DivertChain chain = DIVERT_CHAIN_GUARD_INTRANET;

  divert_maker_add_to (m, DIVERT_CHAIN_GUARD, DIVERT_VERDICT_GOTO, chain)->destinations = g_array_ref (intranets);
  add_marked_drop (m, chain);
  divert_maker_add_to (m, chain, DIVERT_VERDICT_JUMP, DIVERT_CHAIN_FENCED);
  add_marked_by_us (m, chain);
  add_beacons (m, chain, intranets);
  add_own (m, chain);
  add_own_dhcp (m, chain);
  divert_maker_add_neighbour_discovery (m, chain);
  if (m->config->intranet_other_allow && m->decision->place != DIVERT_PLACE_HELD)
    divert_maker_add_leave (m, chain, NULL)->protocols = DIVERT_PROTOCOL_ICMP;
  add_drop (m, chain, 0, TRUE, why);
  add_inner (m, chain, intranets);
  divert_maker_add_to (m, chain, DIVERT_VERDICT_JUMP, DIVERT_CHAIN_EXITS);
  add_last_drop (m, chain, why);
}

static void
match_exit (DivertRule       *rule,
            const DivertExit *way_out)
{
  g_strlcpy (rule->out_interface, way_out->device, sizeof rule->out_interface);
  rule->out_index = way_out->ifindex;
}

void
divert_ruleset_make_exits (const DivertMaker *m)
{
  for (guint i = 0; m->decision->place == DIVERT_PLACE_SITE && i < m->decision->exits->len; i++)
    {
      const DivertExit *way_out = g_ptr_array_index (m->decision->exits, i);
      DivertRule *rule = divert_maker_add_leave (m, DIVERT_CHAIN_EXITS,
                                                 N_("the intranet of the site that we are at is reached directly"));

      match_exit (rule, way_out);
      rule->destinations = g_array_ref (m->decision->direct);
      if (lets_lans (m) && m->lans->len > 0)
        match_exit (divert_maker_add_leave (m, DIVERT_CHAIN_EXITS_INTERNET,
                                            N_("at this site, the internet is reached directly")), way_out);
    }
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
  add_drop (m, chain, DIVERT_PROTOCOLS_TCP_UDP, FALSE, N_("would leave by a wire although it is to be diverted"));
  add_lans (m, chain);
}

void
divert_ruleset_make_guard (const DivertMaker *m,
                           GArray            *intranets)
{
  make_dns (m, intranets);
  if (m->everything)
    make_astray (m);
  /* One right behind the other: nftables makes one way of both. */
  divert_maker_add_to (m, DIVERT_CHAIN_GUARD, DIVERT_VERDICT_JUMP, DIVERT_CHAIN_GRANTS);
  make_intranet (m, intranets);
  if (!m->everything)
    make_astray (m);
  add_marked_drop (m, DIVERT_CHAIN_GUARD);
  make_internet (m);
  make_lans (m);
}
