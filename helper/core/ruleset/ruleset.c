/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: which rules there are, in which order, and why.
 *
 * Theory of operation
 * -------------------
 * A packet that this machine sends enters at the hook OUTPUT, and the chain JUDGE decides about it.
 * If it should go to the proxy, it gets our mark there.  The kernel then routes it again, and the
 * ip rule for the mark sends it to lo.  It comes in again at the hook DELIVER, which accepts only
 * packets from lo with our mark, and hands it to the proxy's TPROXY port.  Packets from the wire
 * have no mark, so nothing that others send us is ever diverted (K3.1, K3.2).  Only a network that
 * hangs on this machine, such as one of containers, is an exception (ruleset-forward.c).
 *
 * There are two kinds of destination, which are judged differently:
 *
 * - The intranets are judged packet by packet, by the current place, in GRANTS and INTRANET,
 *   because a flow that began at home must not stay direct elsewhere.  GRANTS has what may go
 *   direct at a site.  FENCED leaves to the fence what reaches it before the fence opens.  Emptying
 *   both withdraws the grant.  GRANTS comes before everything else, because its rules compare
 *   addresses and a device only.  That costs packets to other destinations next to nothing, and a
 *   packet to the intranet at home meets no match that needs a function call.
 * - Everything else is judged once per connection.  The kernel goes on sending data after the
 *   program has closed its socket, and those packets have no owner.  So a rule that asks each packet
 *   for its group would cut off the end of the proxy's own uploads, and its mirror image the end of
 *   the clients' (K2.1, K2.2).  The verdict on the first packet is kept in the connection mark.
 *
 * Connection marks, within the configured mask:
 *
 *    mark            divert it: a packet of ours got that verdict
 *    spare           leave it alone, wherever it goes: a TCP connection of the proxy's, or one that somebody opened to
 *                    a program here that listens on all addresses.  Over UDP it is no verdict: the flow was the
 *                    proxy's once, so the socket's group is asked for before anything else
 *    served          leave it alone, unless it goes to an intranet: somebody wrote to a program here, on a port that a
 *                    socket only gets if it asks for it
 *    0               not judged by us: it is judged now, whatever else is known of it
 *
 * Nobody else can write these marks.  Everything else in connection tracking is up to a stranger:
 * whether there is an entry, its direction and its state.  With a refused packet, or by waiting, he
 * can also make an entry disappear (K5.1, K5.3).  So no rule looks at any of those.  This is where
 * each of his tricks leads:
 *
 *    A datagram or a SYN in the name of a server, sent before we talk to that server.  Our packets then count as
 *    "replies" in a connection without a mark, so they are judged, diverted and marked.  The hook DNS never sees a
 *    reply, so the guard drops such a query.
 *
 *    The entry is gone (CLOSE_WAIT for a minute, a silent UDP socket, NOTRACK, a flushed table), and we send.  The
 *    packet is judged and diverted.  TPROXY finds the proxy's established socket; without one, the packet is refused.
 *
 *    A SYN while our own SYN waits for an answer (simultaneous open, K5.2), perhaps after he had our entry deleted by a
 *    RST.  Our SYN-ACK would look like a listener's, so a SYN-ACK proves nothing.  SERVE looks at the SYN instead, and
 *    at the socket that will get it: a connecting socket has an address of its own, and a listener on all addresses has
 *    none.  A listener on one address looks the same as a connecting socket.  So it must have a port that connecting
 *    sockets do not get, and even then its packets to an intranet are not left alone (served).
 *
 *    A datagram to a client's socket, connected or not, that has not sent yet or was silent for half a minute.  The
 *    port of that socket is an ephemeral one, unless the program asked for another or a person named it in serve=.
 *
 *    A connection to a listener here whose ports we use ourselves later.  We open with a SYN, which is judged anew,
 *    whatever is remembered.
 *
 *    A server that speaks first, through the proxy.  The entry begins with the proxy's datagram, and our packets are
 *    "replies" in a connection without a mark, so they are judged.
 *
 *    DHCP that makes the NAS's address a broadcast or multicast address.  Packets to an intranet are treated as such
 *    before any rule asks for the type of address (K5.4).
 *
 * A program with NOTRACK has no connection marks, so we cannot tell what it answers.  Whatever it
 * sends is diverted.
 *
 * LEAVE ends only our own work on a packet; other people's rules after ours still see it.
 *
 * The order in JUDGE is that of what a packet costs and how many there are.  What is known by a mark,
 * a connection mark or a prefix comes first; what needs the socket's group or a look at the routing
 * table, last (K7.1).  Whatever may be for an intranet leaves JUDGE before the connection marks that
 * let a packet go and before the bypass.
 *
 * A packet to an intranet without a grant is on its way to the fence's device (fence.h) when JUDGE
 * sees it.  PASS, at the head of INTRANET, asks the same questions as that: is it the proxy's own,
 * a DHCP client's, or part of a connection with the spare mark?  If so, the packet itself gets the
 * spare mark as well.  Then it is routed again and passes the fence; for later rules its mark is
 * like somebody else's.  The proxy may have a mark of its own on its packets, so FOREIGN asks PASS
 * as well.
 *
 * The hook GUARD (not on lo) is the second line of defence, and works without the first
 * (ruleset-guard.c).
 *
 * The kernel rewrites the destination only for the first packet of a connection, and a packet that
 * will be redirected must not get the mark (K3.4).  So JUDGE leaves port 53 early, even to an
 * intranet, and the hook DNS redirects it.  A packet that was not offered to that hook, or not
 * redirected there, is not a query on its proper way, and the guard drops it.  A server in dns-except
 * is no business of the proxy's: what goes to its port 53 is treated like what goes to any other port.
 *
 * The kernel looks up the new route of a redirected packet with the device that its socket is bound to,
 * or that of a link-local server.  Only lo has the loopback addresses, so the packet would leave by the
 * wire, for 127.0.0.1 or ::1 (K3.14).  An ip rule of ours sends it to the table for our mark, and the
 * routes for the uplinks there deliver it here.  What other devices would let through, the guard drops.
 */
#include "intranets.h"
#include "lans.h"
#include "ruleset-private.h"

/* A value inside the mask that is neither 0 nor the mark; 0 if there is none. */
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

guint32
divert_ruleset_get_spare_mark (const DivertConfig *config)
{
  return choose_spare (config->mark, config->mask);
}

guint32
divert_ruleset_get_served_mark (const DivertConfig *config)
{
  const guint32 spare = choose_spare (config->mark, config->mask);
  guint32 value = 0;

  /* Step through the values inside the mask. */
  do
    value = ((value | ~config->mask) + 1) & config->mask;
  while (value != 0 && (value == config->mark || value == spare));
  return value;
}

static int
compare_names (gconstpointer a,
               gconstpointer b)
{
  return g_strcmp0 (*(const char *const *) a, *(const char *const *) b);
}

/* A socket bound to a device (which needs no privilege since Linux 5.7) is routed again with that device.
 * The route over lo does not apply to it, so its packets would leave (K3.3).  A local route through the
 * device itself catches them. */
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

/* A link-local prefix has a rule of its own. */
static GArray *
collect_bypass (const DivertConfig *config)
{
  g_autoptr(GArray) bypass = divert_prefixes_new ();

  for (guint i = 0; i < config->bypass->len; i++)
    if (!divert_prefix_is_link_local (divert_prefixes_index (config->bypass, i)))
      divert_prefixes_add (bypass, divert_prefixes_index (config->bypass, i));
  return divert_prefixes_merge (bypass);
}

DivertRuleset *
divert_ruleset_new_empty (void)
{
  DivertRuleset *ruleset = g_new0 (DivertRuleset, 1);

  g_atomic_ref_count_init (&ruleset->refs);
  ruleset->rules = g_ptr_array_new_with_free_func ((GDestroyNotify) divert_rule_free);
  ruleset->routing.uplinks = g_new0 (char *, 1);
  return ruleset;
}

DivertRuleset *
divert_ruleset_new (const DivertConfig   *config,
                    const DivertDecision *decision,
                    guint32               gid,
                    const DivertFacts    *facts)
{
  g_autoptr(GArray) intranets = NULL, bypass = collect_bypass (config);
  DivertRuleset *ruleset = divert_ruleset_new_empty ();
  g_autoptr(GPtrArray) lans = divert_lans_collect (config, decision, facts);
  g_autoptr(GArray) dns_except = divert_prefixes_merge (config->dns_except);
  DivertMaker m = {
    .ruleset = ruleset,
    .config = config,
    .decision = decision,
    .gid = gid,
    .unit = facts != NULL && config->unit != NULL ? divert_facts_find_unit (facts, config->unit) : NULL,
    .facts = facts,
    .families = config->ipv6 ? DIVERT_FAMILIES_BOTH : DIVERT_FAMILIES_IPV4,
    .spare = divert_ruleset_get_spare_mark (config),
    .served = divert_ruleset_get_served_mark (config),
    .ephemeral = facts != NULL ? facts->ephemeral : (DivertPorts){ 0, 0 },
    .listening = facts != NULL ? facts->listening : NULL,
    .bypass = bypass,
    .lans = lans,
    .dns_except = dns_except->len > 0 ? dns_except : NULL,
  };

  if (decision->place == DIVERT_PLACE_OFF)
    return ruleset;

  ruleset->routing.families = m.families;
  ruleset->routing.mark = config->mark;
  ruleset->routing.mask = config->mask;
  ruleset->routing.table = config->table;
  ruleset->routing.names = config->dns_port != 0;
  g_strfreev (ruleset->routing.uplinks);
  ruleset->routing.uplinks = choose_uplinks (facts);
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      ruleset->routing.priorities[family] = facts != NULL ? divert_precedence_choose (&facts->order[family]).mark
                                                          : DIVERT_RULE_PRIORITY;
      ruleset->routing.names_priorities[family] = facts != NULL ? divert_precedence_choose (&facts->order[family]).names
                                                                : DIVERT_NAMES_PRIORITY;
    }

  intranets = divert_intranets_collect (config, decision, facts);
  m.everything = divert_internet_is_everything (&m, intranets);
  divert_ruleset_make_hooks (&m);
  divert_ruleset_make_judge (&m, intranets);
  divert_ruleset_make_diverted (&m);
  divert_ruleset_make_pass (&m);
  divert_ruleset_make_names (&m);
  divert_ruleset_make_grants (&m);
  divert_ruleset_make_internet (&m);
  divert_ruleset_make_exits (&m);
  divert_ruleset_make_stranded (&m);
  divert_ruleset_make_intranet (&m);
  divert_ruleset_make_own (&m);
  divert_ruleset_make_delivery (&m, intranets);
  divert_ruleset_make_forward (&m, intranets);
  divert_ruleset_make_serve (&m);
  divert_ruleset_make_guard (&m, intranets);
  if (config->dns_port != 0)
    divert_ruleset_make_dns (&m);
  divert_ruleset_make_wire (&m, intranets);

  /* A rule that compares with prefixes is only for the families of those prefixes. */
  divert_ruleset_restrict (ruleset, m.families);
  return ruleset;
}

DivertRuleset *
divert_ruleset_ref (DivertRuleset *ruleset)
{
  g_atomic_ref_count_inc (&ruleset->refs);
  return ruleset;
}

void
divert_ruleset_unref (DivertRuleset *ruleset)
{
  if (ruleset == NULL || !g_atomic_ref_count_dec (&ruleset->refs))
    return;
  g_ptr_array_unref (ruleset->rules);
  g_strfreev (ruleset->routing.uplinks);
  g_free (ruleset);
}

static DivertFamilies
get_families (const GArray *prefixes)
{
  DivertFamilies families = prefixes != NULL ? DIVERT_FAMILIES_NONE : DIVERT_FAMILIES_BOTH;

  for (guint i = 0; prefixes != NULL && i < prefixes->len; i++)
    families |= 1 << divert_prefixes_index (prefixes, i)->family;
  return families;
}

void
divert_ruleset_restrict (DivertRuleset  *ruleset,
                         DivertFamilies  families)
{
  for (guint i = ruleset->rules->len; i > 0; i--)
    {
      DivertRule *rule = g_ptr_array_index (ruleset->rules, i - 1);

      rule->families &= families & get_families (rule->sources);
      if (!rule->destinations_invert)
        rule->families &= get_families (rule->destinations);
      if (rule->families == DIVERT_FAMILIES_NONE)
        g_ptr_array_remove_index (ruleset->rules, i - 1);
    }
  ruleset->routing.families &= families;
}

gboolean
divert_ruleset_is_empty (const DivertRuleset *ruleset)
{
  return ruleset->rules->len == 0;
}

/* The next rule for @family in @chains, beginning at @i; NULL if there is none. */
static const DivertRule *
next_rule (const DivertRuleset *ruleset,
           DivertFamily         family,
           DivertChains         chains,
           guint               *i)
{
  while (*i < ruleset->rules->len)
    {
      const DivertRule *rule = g_ptr_array_index (ruleset->rules, (*i)++);

      if ((rule->families & (1 << family)) != 0 && (chains & DIVERT_CHAIN_BIT (rule->chain)) != 0)
        return rule;
    }
  return NULL;
}

gboolean
divert_ruleset_same_rules (const DivertRuleset *a,
                           const DivertRuleset *b,
                           DivertFamily         family,
                           DivertChains         chains)
{
  guint i = 0, j = 0;

  for (;;)
    {
      const DivertRule *x = next_rule (a, family, chains, &i);
      const DivertRule *y = next_rule (b, family, chains, &j);

      if (x == NULL || y == NULL)
        return x == y;
      if (!divert_rule_equal (x, y, family))
        return FALSE;
    }
}

gboolean
divert_ruleset_same (const DivertRuleset *a,
                     const DivertRuleset *b)
{
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    if (!divert_ruleset_same_rules (a, b, family, DIVERT_ALL_CHAINS))
      return FALSE;
  return TRUE;
}
