/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: which packets may go direct or be refused, and by what: a grant, or a named exemption.  It asks the
 * configuration and the decision, never a rule.  Whoever adds an exemption adds it here.
 */
#include "invariants-private.h"

static gboolean
is_dhcp (const DivertSample *sample)
{
  const gboolean v6 = sample->destination.family == DIVERT_FAMILY_IPV6;

  return sample->protocol == IPPROTO_UDP && sample->sport == (v6 ? 546 : 68) && sample->dport == (v6 ? 547 : 67);
}

gboolean
divert_world_is_dns (const DivertWorld  *world,
                     const DivertSample *sample)
{
  return world->config->dns_port != 0 && is_judged (sample) && sample->dport == 53 &&
         !divert_prefixes_contain (world->config->dns_except, &sample->destination);
}

gboolean
divert_world_is_exempt_everywhere (const DivertWorld  *world,
                                   const DivertSample *sample)
{
  return sample->mark == world->foreign_mark || sample->destination_type == DIVERT_ADDRTYPE_LOCAL || is_dhcp (sample);
}

gboolean
divert_world_is_exit (const DivertWorld *world,
                      const char        *device)
{
  for (guint i = 0; world->decision->place == DIVERT_PLACE_SITE && i < world->decision->exits->len; i++)
    if (g_str_equal (((DivertExit *) g_ptr_array_index (world->decision->exits, i))->device, device))
      return TRUE;
  return FALSE;
}

/* From an address that this machine has lost it looks like somebody else's. */
static gboolean
is_own_dhcp (const DivertWorld  *world,
             const DivertSample *sample)
{
  return is_dhcp (sample) &&
         (sample->source_type != 0 || is_fenced (sample) ||
          (divert_world_is_exit (world, sample->interface) &&
           divert_prefixes_contain (world->decision->direct, &sample->destination)));
}

/* Somebody else's mark is left alone, but a device that has proved nothing doesn't lead to the intranet. */
static gboolean
is_foreign_by_exit (const DivertWorld  *world,
                    const DivertSample *sample)
{
  return sample->mark == world->foreign_mark && divert_world_is_exit (world, sample->interface) &&
         divert_prefixes_contain (world->decision->direct, &sample->destination);
}

/* Does it go by a device, and from an address of that, which has proved the site that we are at? */
static gboolean
is_by_exit (const DivertWorld  *world,
            const DivertSample *sample)
{
  for (guint i = 0; world->decision->place == DIVERT_PLACE_SITE && i < world->decision->exits->len; i++)
    {
      const DivertExit *way_out = g_ptr_array_index (world->decision->exits, i);

      if (g_str_equal (way_out->device, sample->interface) &&
          divert_prefixes_contain (way_out->sources, &sample->source))
        return TRUE;
    }
  return FALSE;
}

static gboolean
is_granted (const DivertWorld  *world,
            const DivertSample *sample)
{
  return is_by_exit (world, sample) && divert_prefixes_contain (world->decision->direct, &sample->destination);
}

/* It is judged by the current place alone, so its connection must not have been diverted. */
static gboolean
is_internet_granted (const DivertWorld  *world,
                     const DivertSample *sample)
{
  return world->decision->internet && is_by_exit (world, sample);
}

gboolean
divert_world_is_dns_granted (const DivertWorld  *world,
                             const DivertSample *sample)
{
  return world->decision->dns && is_by_exit (world, sample) &&
         (is_granted (world, sample) ||
          (!divert_prefixes_contain (world->intranets, &sample->destination) &&
           (world->decision->internet || divert_prefixes_contain (world->config->bypass, &sample->destination))));
}

/* The helper's own question. */
static gboolean
is_for_beacon (const DivertWorld  *world,
               const DivertSample *sample)
{
  for (guint i = 0; i < world->config->sites->len; i++)
    {
      const DivertSite *site = g_ptr_array_index (world->config->sites, i);

      if (site->has_beacon && sample->protocol == IPPROTO_TCP && sample->dport == site->beacon.port &&
          divert_prefix_equal (&site->beacon.address, &sample->destination))
        return sample->mark == divert_ruleset_get_bypass_mark (world->config);
    }
  return FALSE;
}

gboolean
divert_world_may_enter (const DivertWorld  *world,
                        const DivertSample *sample)
{
  const gboolean discovers = is_icmp (sample) && (sample->icmp_type == 135 || sample->icmp_type == 136) &&
                             sample->destination.family == DIVERT_FAMILY_IPV6;
  const gboolean allowed =
      world->config->intranet_other_allow && world->decision->place != DIVERT_PLACE_HELD && is_icmp (sample);

  /* The kernel's neighbour discovery doesn't ask for a route. The fence holds packets with others' marks too. */
  if (is_fenced (sample))
    return is_own_dhcp (world, sample) || allowed;
  return sample->destination_type == DIVERT_ADDRTYPE_LOCAL || is_own_dhcp (world, sample) ||
         is_granted (world, sample) || is_foreign_by_exit (world, sample) || is_for_beacon (world, sample) ||
         discovers || allowed;
}

gboolean
divert_world_may_leave (const DivertWorld  *world,
                        const DivertSample *sample)
{
  /* The fence holds packets with others' marks too. */
  if (is_fenced (sample) && sample->mark == world->foreign_mark)
    return is_dhcp (sample);
  return !is_judged (sample) || divert_world_is_exempt_everywhere (world, sample) || sample->destination_type != 0 ||
         is_internet_granted (world, sample) ||
         divert_prefixes_contain (world->config->bypass, &sample->destination) ||
         divert_prefix_is_link_local (&sample->destination);
}

/* Somebody wrote to a program on a port that it asked for, or a stranger made it look so. The rules can't tell the
 * difference. */
gboolean
divert_world_serves (const DivertWorld  *world,
                     const DivertSample *sample)
{
  return sample->is_tracked && sample->connmark != 0 &&
         sample->connmark == divert_ruleset_get_served_mark (world->config) && !is_ephemeral (world, sample->sport) &&
         (sample->protocol == IPPROTO_UDP || sample->tcp_flags != DIVERT_TCP_SYN);
}

/* It is the unit's, or belongs to a TCP connection that is known to be. */
gboolean
divert_world_is_exempt (const DivertWorld  *world,
                        DivertSender        sender,
                        const DivertSample *sample)
{
  const guint32 served = divert_ruleset_get_served_mark (world->config);

  return sender == DIVERT_SENDER_EXEMPT || (world->exempt != 0 && sample->is_tracked && served != 0 &&
                                            sample->connmark == served && sample->protocol == IPPROTO_TCP &&
                                            sample->tcp_flags != DIVERT_TCP_SYN);
}

gboolean
divert_world_is_unheard (const DivertWorld  *world,
                         const DivertSample *sample,
                         guint16             port)
{
  const DivertListening *item = divert_listening_find (world->listening, DIVERT_PORT_TPROXY, port, sample->protocol,
                                                       sample->destination.family);

  if (world->gid == DIVERT_GID_NONE && world->unit == 0)
    return TRUE;
  return item != NULL && item->listener != DIVERT_LISTENER_GOOD;
}

gboolean
divert_world_is_unheard_somewhere (const DivertWorld  *world,
                                   const DivertSample *sample)
{
  gboolean unheard = divert_world_is_unheard (world, sample, world->config->tproxy_port);

  for (guint i = 0; i < world->config->sites->len && !unheard; i++)
    unheard = divert_world_is_unheard (world, sample,
                                       ((DivertSite *) g_ptr_array_index (world->config->sites, i))->tproxy_port);
  return unheard;
}

gboolean
divert_world_is_circular (const DivertWorld  *world,
                          const DivertSample *sample)
{
  return divert_world_is_dns (world, sample) &&
         ((divert_listening_find_circles (world->listening, world->config->dns_port) >>
           sample->destination.family) & 1) != 0;
}
