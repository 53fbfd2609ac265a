/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: what others may send by this machine's devices without passing its routes and rules (WIRE).
 *
 * A container on a macvlan child in a network namespace of its own, or a virtual machine on a macvtap, is another
 * machine in whatever network this one is in.  Neither the fence nor any other hook sees its packets.  In a stranger's
 * network with an intranet's addresses it would talk to the stranger.  It can't be diverted, because what the proxy
 * answers would have to come in again by the wire.  So what it sends to an intranet is dropped, unless this machine has
 * a grant for that by the same device.  forward= says what the proxy does for others, so it doesn't matter here.
 *
 * There are such rules only while there is such a child, because the hook sees each frame.  First comes the
 * destination, so what goes elsewhere is done with after one comparison for each prefix.  What is for an intranet and
 * was sent by this machine itself, as such or by a VLAN or a macvlan of its own, has been judged before.  That is known
 * by the sender's address on the link.  It isn't known of an ipvlan, or of a macvlan in the mode passthru, which have
 * the device's.
 *
 * ARP isn't IP, so it isn't seen here.  Neighbour discovery and DHCP are left alone, as this machine's own are.
 */
#include "ruleset-private.h"

#include <glib/gi18n-lib.h>

/* A macvlan's grant is one for the device's network. */
static const DivertLink *
find_granted (const DivertFacts *facts,
              const DivertExit  *way_out)
{
  const DivertLink *link = divert_facts_find_link (facts, way_out->device);
  const gboolean on_same = link != NULL && g_strcmp0 (link->kind, "macvlan") == 0;

  for (guint i = 0; on_same && i < facts->links->len; i++)
    if (((DivertLink *) g_ptr_array_index (facts->links, i))->ifindex == link->lower)
      return g_ptr_array_index (facts->links, i);
  return link;
}

static void
match_device (DivertRule       *rule,
              const DivertLink *link)
{
  g_strlcpy (rule->out_interface, link->name, sizeof rule->out_interface);
  rule->out_index = link->ifindex;
}

static void
add_own (const DivertMaker *m,
         const DivertLink  *link)
{
  for (guint i = 0; i < link->own_macs->len; i++)
    {
      DivertRule *rule = divert_maker_add_leave (m, DIVERT_CHAIN_WIRE, N_("this machine's own, judged before"));

      match_device (rule, link);
      rule->has_mac = TRUE;
      rule->mac = g_array_index (link->own_macs, DivertMac, i);
    }
}

static void
add_grants (const DivertMaker *m)
{
  for (guint i = 0; m->decision->place == DIVERT_PLACE_SITE && i < m->decision->exits->len; i++)
    {
      const DivertLink *link = find_granted (m->facts, g_ptr_array_index (m->decision->exits, i));
      DivertRule *rule;

      if (link == NULL || link->own_macs->len == 0)
        continue;
      rule = divert_maker_add_leave (m, DIVERT_CHAIN_WIRE_GRANTS,
                                     N_("the intranet of the site that we are at is reached directly"));
      match_device (rule, link);
      rule->destinations = g_array_ref (m->decision->direct);
    }
}

void
divert_ruleset_make_wire (const DivertMaker *m,
                          GArray            *intranets)
{
  const DivertChain chain = DIVERT_CHAIN_WIRE;
  gboolean any = FALSE;

  for (guint i = 0; m->facts != NULL && intranets->len > 0 && i < m->facts->links->len; i++)
    {
      const DivertLink *link = g_ptr_array_index (m->facts->links, i);
      DivertRule *rule;

      if (link->own_macs->len == 0)
        continue;
      rule = divert_maker_add_to (m, DIVERT_HOOK_WIRE, DIVERT_VERDICT_GOTO, chain);
      match_device (rule, link);
      rule->destinations = g_array_ref (intranets);
      add_own (m, link);
      any = TRUE;
    }
  if (!any)
    return;
  divert_maker_add_to (m, chain, DIVERT_VERDICT_JUMP, DIVERT_CHAIN_WIRE_GRANTS);
  add_grants (m);
  divert_maker_add_dhcp (m, chain);
  divert_maker_add_neighbour_discovery (m, chain);
  divert_maker_add (m, chain, DIVERT_VERDICT_DROP,
                    N_("sent past this machine's rules to an intranet that it may not reach directly"));
}

DivertRuleset *
divert_ruleset_new_wire (const DivertRuleset *whole)
{
  DivertRuleset *wire = divert_ruleset_new_empty ();

  for (guint i = 0; i < whole->rules->len; i++)
    {
      const DivertRule *rule = g_ptr_array_index (whole->rules, i);

      if (divert_chain_is_wire (rule->chain))
        g_ptr_array_add (wire->rules, divert_rule_copy (rule));
    }
  return wire;
}
