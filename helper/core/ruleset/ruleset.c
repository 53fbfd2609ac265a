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
 *    now: a flow that began at home must not go on straight elsewhere.  (The rules
 *    of what may go straight at home stand in front of all else, see DIRECT_FIRST_MAX.)
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
 * A packet to an intranet that is not granted comes by way of the fence's device (fence.h): what of it is to go straight
 * gets the spare mark in LOCAL_DIVERT_FENCE, is routed anew, and passes the fence.
 *
 * DIVERT_GUARD (mangle POSTROUTING, not on lo) is the second line: what carries our
 * mark and yet leaves by a wire (the ip rule is gone, a program bound its
 * socket to a device) is dropped, and so is DNS that was not redirected.
 *
 * The kernel looks DNS up in nat for the first packet of a connection only, and the
 * mark must not be set on what nat redirects (TRAPS 3.10); so port 53 returns early
 * in LOCAL_DIVERT, and LOCAL_DNS_DIVERT in nat redirects it.
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
  DivertMaker m = { ruleset, config, decision, gid, config->ipv6 ? DIVERT_FAMILIES_BOTH : DIVERT_FAMILIES_IPV4,
              divert_ruleset_get_spare_mark (config) };
  g_autoptr(GArray) intranets = NULL;
  const char *rest = LOCAL_DIVERT;

  if (decision->place == DIVERT_PLACE_OFF)
    return ruleset;

  ruleset->routing.families = m.families;
  ruleset->routing.mark = config->mark;
  ruleset->routing.mask = config->mask;
  ruleset->routing.table = config->table;
  g_strfreev (ruleset->routing.uplinks);
  ruleset->routing.uplinks = choose_uplinks (facts);

  intranets = divert_intranets_collect (config, decision, facts);
  divert_maker_add_hook (&m, DIVERT_TABLE_MANGLE, "OUTPUT", LOCAL_DIVERT, NULL, NULL, FALSE);
  divert_maker_add_hook (&m, DIVERT_TABLE_MANGLE, "PREROUTING", DIVERT, "lo", NULL, TRUE);
  divert_maker_add_hook (&m, DIVERT_TABLE_MANGLE, "POSTROUTING", DIVERT_GUARD, NULL, "lo", FALSE);

  divert_ruleset_make_beginning (&m);
  rest = divert_ruleset_dispatch (ruleset, LOCAL_DIVERT, m.families, intranets, LOCAL_INTRANET_DIVERT, NULL);
  divert_ruleset_make_connections (&m, rest);
  divert_ruleset_make_intranet (&m);
  divert_ruleset_make_pass (&m);
  divert_ruleset_make_tproxy (&m, intranets);
  divert_ruleset_make_guard (&m);

  if (config->dns_port != 0)
    {
      divert_maker_add_hook (&m, DIVERT_TABLE_NAT, "OUTPUT", LOCAL_DNS_DIVERT, NULL, NULL, FALSE);
      divert_ruleset_make_dns (&m);
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
divert_ruleset_withdraw (DivertRuleset *ruleset)
{
  guint before = ruleset->rules->len;

  for (guint i = ruleset->rules->len; i > 0; i--)
    {
      const DivertRule *rule = g_ptr_array_index (ruleset->rules, i - 1);
      DivertRule *next = i < ruleset->rules->len ? g_ptr_array_index (ruleset->rules, i) : NULL;

      if (!rule->has_source)
        continue;
      /* The tag stays at the head of the chain. */
      if (rule->tagged && next != NULL && g_str_equal (next->chain, rule->chain))
        next->tagged = TRUE;
      g_ptr_array_remove_index (ruleset->rules, i - 1);
    }
  return ruleset->rules->len != before;
}

void
divert_ruleset_restrict (DivertRuleset  *ruleset,
                         DivertFamilies  families)
{
  for (guint i = ruleset->rules->len; i > 0; i--)
    {
      DivertRule *rule = g_ptr_array_index (ruleset->rules, i - 1);

      rule->families &= families;
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
