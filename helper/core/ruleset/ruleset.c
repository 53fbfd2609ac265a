/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: which rules there are, in which order, and why.
 *
 * Theory of operation
 * -------------------
 * A packet that this machine sends enters at the hook OUTPUT, and the chain JUDGE decides.
 * What is to go to the proxy gets our mark there; the kernel then routes it again, the ip
 * rule for the mark sends it to lo, and where it comes in again (hook DELIVER: by lo, our mark
 * only) it is handed to the proxy's TPROXY port.  Packets from the wire carry
 * no mark, so nothing that others send us is ever diverted (K3.1, K3.2).
 *
 * Two kinds of destination are judged differently:
 *
 *  - The intranets, by the place of now, in GRANTS and INTRANET: a flow that began at home must not go on straight
 *    elsewhere.  GRANTS holds what may go straight at a site, and what the fence swallows of that before it opens: to
 *    empty it is to withdraw the grant.
 *    It stands in front of all else but loopback, because its rules compare addresses only: that costs
 *    packets that go elsewhere next to nothing, and one to the intranet at home meets no match that is
 *    a call.
 *  - All else, once per connection.  The kernel sends data after the program has
 *    closed its socket; such packets have no owner, so a rule that asks each packet
 *    for its group cuts off the end of the proxy's own uploads, and its mirror image
 *    the end of the clients' (K2.1, K2.2).  The verdict of the first packet is
 *    kept in the connection mark.
 *
 * Connection marks, within the configured mask:
 *
 *    mark            it is diverted: a packet of ours was judged so
 *    spare           leave it alone, wherever it goes: TCP that is the proxy's own, or that somebody opened to a
 *                    program here that listens on all addresses
 *    served          leave it alone, but not to an intranet: somebody wrote to a program here, on a port that no
 *                    socket has which did not ask for it
 *    0               not judged by us: whatever else is known of it, it is judged now
 *
 * Nobody else can write them.  All else that connection tracking knows is a stranger's to choose: that there is an
 * entry, its direction, its state, and by a refused packet or by waiting that there is none any more (K5.1, K5.3).  So
 * there is no rule that asks for those.  Where each of his tricks leads:
 *
 *    A datagram or a SYN in a server's name, before we speak to that server.  Our packets are "replies" then, of a
 *    connection without a mark: judged, diverted, marked.  The hook DNS is not asked about a reply; the guard drops
 *    that query.
 *    The entry is gone (CLOSE_WAIT for a minute, a silent UDP socket, NOTRACK, a flushed table), and we send.  It is
 *    judged, and diverted: TPROXY finds the proxy's established socket; if there is none, that is a refusal.
 *    A SYN when our own SYN waits for an answer (simultaneous open, K5.2), be it that he had our entry deleted by a RST
 *    in between.  Our SYN-ACK would look like a listener's, and so no SYN-ACK proves anything.  SERVE looks at
 *    the SYN instead, and at who will get it: a socket that connects has an address of its own, a listener on all
 *    addresses has none.  A listener on one address cannot be told from it: that one must have a port
 *    which connecting sockets do not get, and it is not believed against an intranet at all (served).
 *    A datagram to a client's socket, connected or not, that has not sent yet or was silent for half a minute.  Its
 *    port is an ephemeral one, unless the program asked for another or a person named it in serve=.
 *    A connection to a listener here whose ports we later use ourselves.  We open with a SYN, which is judged
 *    anew whatever is remembered.
 *    A server that speaks first, through the proxy.  The entry begins with the proxy's datagram, and our
 *    packets are its "replies": of a connection without a mark, and so judged.
 *    DHCP that makes the NAS's address a broadcast or multicast one.  An intranet's packets are an intranet's
 *    before anybody asks for that (K5.4).
 *
 * A program that NOTRACK is set for has no memory here, so it cannot be answered for: what it sends is diverted.
 *
 * LEAVE ends our work with a packet and nobody else's: other people's rules behind
 * ours still see it.
 *
 * A packet to an intranet that is not granted comes by way of the fence's device (fence.h).  PASS asks of it the same
 * questions, at the head of JUDGE: is it the proxy's own, a DHCP client's, of a connection that bears the spare mark?
 * Then the packet gets the spare mark, too, which is a mark like somebody else's to the rules behind; it is routed
 * anew, and passes the fence.
 *
 * The hook GUARD (not on lo) is the second line, and does not need the first (ruleset-guard.c).
 *
 * The kernel rewrites the destination of a connection's first packet only, and the
 * mark must not be set on what is redirected (K3.4); so JUDGE leaves port 53
 * early, to an intranet too, and the hook DNS redirects it.  What it was not asked about, or did not redirect, is no
 * query that went its way: the guard drops it.
 */
#include "intranets.h"
#include "ruleset-private.h"

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

  /* The mask's values, one after the other. */
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

/* A socket that a program bound to a device (no privilege needed since Linux 5.7) is
 * routed again with that device, which lo's route does not serve: it would leave
 * (K3.3).  A local route by the device itself catches it. */
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
  DivertRuleset *ruleset = divert_ruleset_new_empty ();
  DivertMaker m = { ruleset, config, decision, gid, config->ipv6 ? DIVERT_FAMILIES_BOTH : DIVERT_FAMILIES_IPV4,
              divert_ruleset_get_spare_mark (config), divert_ruleset_get_served_mark (config),
              facts != NULL ? facts->ephemeral : (DivertPorts){ 0, 0 } };
  g_autoptr(GArray) intranets = NULL;

  if (decision->place == DIVERT_PLACE_OFF)
    return ruleset;

  ruleset->routing.families = m.families;
  ruleset->routing.mark = config->mark;
  ruleset->routing.mask = config->mask;
  ruleset->routing.table = config->table;
  g_strfreev (ruleset->routing.uplinks);
  ruleset->routing.uplinks = choose_uplinks (facts);

  intranets = divert_intranets_collect (config, decision, facts);
  divert_ruleset_make_hooks (&m);
  divert_ruleset_make_judge (&m, intranets);
  divert_ruleset_make_pass (&m);
  divert_ruleset_make_grants (&m);
  divert_ruleset_make_intranet (&m);
  divert_ruleset_make_delivery (&m, intranets);
  divert_ruleset_make_serve (&m);
  divert_ruleset_make_guard (&m, intranets);
  if (config->dns_port != 0)
    divert_ruleset_make_dns (&m);

  /* What compares with prefixes is for their families alone. */
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

      rule->families &= families & get_families (rule->sources) & get_families (rule->destinations);
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

/* The next rule for @family in @chains from @i on; NULL: there is none. */
static const DivertRule *
next_rule (const DivertRuleset *ruleset,
           DivertFamily         family,
           guint                chains,
           guint               *i)
{
  while (*i < ruleset->rules->len)
    {
      const DivertRule *rule = g_ptr_array_index (ruleset->rules, (*i)++);

      if ((rule->families & (1 << family)) != 0 && (chains & (1u << rule->chain)) != 0)
        return rule;
    }
  return NULL;
}

gboolean
divert_ruleset_same_rules (const DivertRuleset *a,
                           const DivertRuleset *b,
                           DivertFamily         family,
                           guint                chains)
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
