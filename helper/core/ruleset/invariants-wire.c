/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: what must become of a frame that leaves by a device that others send by as well (ruleset-wire.c).
 *
 *   stray      what others send to an intranet without a grant for that device isn't let go
 *   wire       what this machine sends itself, what goes elsewhere, and what has a grant is let go
 *
 * DHCP and neighbour discovery are let go, whoever sends them.
 */
#include "invariants-private.h"

#include "explain.h"

static void
blame (DivertWorld             *world,
       const char              *invariant,
       const DivertSample      *sample,
       const DivertExplanation *explanation)
{
  g_autofree char *to = divert_prefix_to_string (&sample->destination);
  g_autofree char *from = divert_mac_to_string (&sample->mac);
  g_autofree char *kind = g_strdup_printf ("%s %d %u %u", invariant, world->decision->place, sample->protocol,
                                           sample->destination.family);
  g_autofree char *text =
      g_strdup_printf ("%s, a frame of %s by %s to %s protocol %u ports %u>%u: %s",
                       divert_decision_get_place (world->decision), from, sample->interface, to, sample->protocol,
                       sample->sport, sample->dport, divert_path_name (explanation->path));

  world->fault (invariant, kind, text, world->user_data);
}

/* Those of a macvlan are the device's below it. */
static gboolean
is_granted (const DivertWorld  *world,
            const DivertFacts  *facts,
            const DivertLink   *link,
            const DivertSample *sample)
{
  for (guint i = 0; world->decision->place == DIVERT_PLACE_SITE && i < world->decision->exits->len; i++)
    {
      const DivertLink *way = divert_facts_find_link (
          facts, ((const DivertExit *) g_ptr_array_index (world->decision->exits, i))->device);

      if (way != NULL && (way == link || (g_strcmp0 (way->kind, "macvlan") == 0 && way->lower == link->ifindex)))
        return divert_prefixes_contain (world->decision->direct, &sample->destination);
    }
  return FALSE;
}

static gboolean
is_of_network (const DivertSample *sample)
{
  const gboolean v6 = sample->destination.family == DIVERT_FAMILY_IPV6;

  if (sample->protocol == IPPROTO_UDP)
    return v6 ? sample->sport == 546 && sample->dport == 547 : sample->sport == 68 && sample->dport == 67;
  return v6 && sample->protocol == IPPROTO_ICMPV6 && (sample->icmp_type == 135 || sample->icmp_type == 136);
}

static void
check_one (DivertWorld       *world,
           const DivertFacts *facts,
           const DivertLink  *link,
           DivertSample      *sample)
{
  const DivertFamilies families = world->ruleset.routing.families;
  const gboolean own = divert_macs_contain (link->own_macs, &sample->mac);
  const gboolean inside = ((families >> sample->destination.family) & 1) != 0 &&
                          divert_prefixes_contain (world->intranets, &sample->destination);
  const gboolean may = own || !inside || is_of_network (sample) || is_granted (world, facts, link, sample);
  DivertExplanation explanation;

  divert_walker_leave (&world->ruleset, sample, &explanation);
  world->n_walks++;
  if (!may && explanation.path == DIVERT_PATH_DIRECT)
    blame (world, "stray", sample, &explanation);
  if (may && explanation.path != DIVERT_PATH_DIRECT)
    blame (world, "wire", sample, &explanation);
}

static void
check_device (DivertWorld        *world,
              const DivertFacts  *facts,
              const DivertLink   *link,
              const DivertPrefix *destination)
{
  static const struct
  {
    guint8  protocol, icmp_type;
    guint16 sport, dport;
  } transports[] = {
    { IPPROTO_TCP, 0, 40000, 445 }, { IPPROTO_TCP, 0, 68, 67 },     { IPPROTO_UDP, 0, 40000, 53 },
    { IPPROTO_UDP, 0, 68, 67 },     { IPPROTO_UDP, 0, 40000, 67 },  { IPPROTO_UDP, 0, 546, 547 },
    { IPPROTO_ICMP, 8, 0, 0 },      { IPPROTO_ICMPV6, 128, 0, 0 },  { IPPROTO_ICMPV6, 135, 0, 0 },
    { IPPROTO_ICMPV6, 136, 0, 0 },  { IPPROTO_ICMPV6, 137, 0, 0 },  { IPPROTO_SCTP, 0, 9, 9 },
  };
  static const DivertMac others = { { 2, 0xee, 0xee, 0xee, 0xee, 0xee } };

  for (guint i = 0; i < G_N_ELEMENTS (transports); i++)
    for (guint j = 0; j <= link->own_macs->len; j++)
      {
        DivertSample sample = { .destination = *destination, .interface = link->name, .has_mac = TRUE, .mac = others };

        if (j < link->own_macs->len)
          sample.mac = g_array_index (link->own_macs, DivertMac, j);
        sample.protocol = transports[i].protocol;
        sample.icmp_type = transports[i].icmp_type;
        sample.sport = transports[i].sport;
        sample.dport = transports[i].dport;
        check_one (world, facts, link, &sample);
      }
}

void
divert_invariants_check_wire (DivertWorld        *world,
                              const DivertFacts  *facts,
                              const DivertPrefix *destination)
{
  for (guint i = 0; i < facts->links->len; i++)
    {
      const DivertLink *link = g_ptr_array_index (facts->links, i);

      if (link->own_macs->len > 0)
        check_device (world, facts, link, destination);
    }
}
