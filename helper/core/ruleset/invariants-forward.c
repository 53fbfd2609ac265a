/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: what must become of a packet that somebody else sent, and that this machine may forward.
 *
 *   relay      what no own LAN sent is left alone, whatever its source: the proxy doesn't work for strangers
 *   forward    what an own LAN sends to an intranet without a grant goes to the proxy or nowhere
 *   lan        what an own LAN may send by its own way is left alone
 *   elsewhere  whoever sends it, to an intranet it leaves by a device that proved the site, or not at all.  Likewise
 *              what an own LAN sends to the internet, where that goes direct
 *
 * A packet that is left alone still meets the fence.
 */
#include "invariants-private.h"

#include "explain.h"
#include "lans.h"

/* One that no own LAN and no site has. */
#define STRANGER "198.51.100.9"
#define STRANGER6 "2001:db8:9::9"
#define ELSEWHERE "elsewhere0"

static void
blame (DivertWorld             *world,
       const char              *invariant,
       const DivertSample      *sample,
       const DivertExplanation *explanation)
{
  g_autofree char *from = divert_prefix_to_string (&sample->source);
  g_autofree char *to = divert_prefix_to_string (&sample->destination);
  g_autofree char *kind = g_strdup_printf ("%s %d %u %u", invariant, world->decision->place, sample->protocol,
                                           sample->destination.family);
  g_autofree char *text =
      g_strdup_printf ("%s, forwarded from %s by %s to %s by %s protocol %u port %u types %x: mark %x first %d: %s",
                       divert_decision_get_place (world->decision), from, sample->interface, to,
                       sample->leaves_by != NULL ? sample->leaves_by : "any device", sample->protocol,
                       sample->dport, sample->destination_type, sample->mark, sample->is_first,
                       divert_path_name (explanation->path));

  world->fault (invariant, kind, text, world->user_data);
}

static DivertExplanation
walk (DivertWorld        *world,
      const DivertSample *sample,
      DivertSample       *after)
{
  DivertExplanation explanation;

  *after = *sample;
  divert_walker_forward (&world->ruleset, after, &explanation);
  world->n_walks++;
  return explanation;
}

/* Does it go to an own network that is a part of an intranet? */
static gboolean
is_inner (const DivertWorld  *world,
          const DivertLan    *lan,
          const DivertSample *sample)
{
  return lan != NULL && g_str_equal (sample->leaves_by, lan->name) &&
         divert_prefixes_overlap (lan->prefixes, world->intranets);
}

/* To anywhere but an intranet. */
static gboolean
may_go_out (const DivertWorld  *world,
            const DivertLan    *lan,
            const DivertSample *sample)
{
  const gboolean lets = world->decision->place == DIVERT_PLACE_SITE && world->decision->internet &&
                        world->config->forward == DIVERT_FORWARD_ALL;
  const gboolean exempt = sample->destination_type != 0 || divert_prefix_is_link_local (&sample->destination) ||
                          divert_prefixes_contain (world->config->bypass, &sample->destination);

  return lan == NULL || !lets || !is_judged (sample) || sample->mark != 0 ||
         (exempt && !divert_world_is_dns (world, sample)) || divert_world_is_exit (world, sample->leaves_by) ||
         g_str_equal (sample->leaves_by, lan->name);
}

static gboolean
may_leave (const DivertWorld  *world,
           const DivertLan    *lan,
           const DivertSample *sample)
{
  if (!divert_prefixes_contain (world->intranets, &sample->destination))
    return may_go_out (world, lan, sample);
  return is_inner (world, lan, sample) ||
         (divert_world_is_exit (world, sample->leaves_by) &&
          divert_prefixes_contain (world->decision->direct, &sample->destination)) ||
         (is_icmp (sample) && world->config->intranet_other_allow && world->decision->place != DIVERT_PLACE_HELD);
}

/* Does it come in with an own LAN's address, but from elsewhere? Nobody has a right to that. */
static gboolean
is_forged (const DivertSample *sample)
{
  return g_str_equal (sample->interface, ELSEWHERE);
}

/* It is left alone when it comes in.  @lan: NULL: it comes from a stranger. */
static void
check_leaving (DivertWorld        *world,
               const DivertLan    *lan,
               const DivertSample *sample)
{
  const GPtrArray *exits = world->decision->exits;
  const char *const ways[] = {
    ELSEWHERE,
    lan != NULL ? lan->name : "elsewhere1",
    exits->len > 0 ? ((DivertExit *) g_ptr_array_index (exits, exits->len - 1))->device : "elsewhere2",
  };

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      DivertSample leaving = *sample, after;
      DivertExplanation explanation;
      gboolean may;

      leaving.leaves_by = ways[i];
      explanation = walk (world, &leaving, &after);
      may = may_leave (world, lan, &leaving);
      if (explanation.path == DIVERT_PATH_DIRECT && !may)
        blame (world, "elsewhere", &leaving, &explanation);
      if (explanation.path != DIVERT_PATH_DIRECT && may && !is_forged (sample))
        blame (world, lan != NULL ? "lan" : "relay", &leaving, &explanation);
    }
}

static void
check_stranger (DivertWorld        *world,
                const DivertSample *sample)
{
  DivertSample after;
  const DivertExplanation explanation = walk (world, sample, &after);

  if (explanation.path != DIVERT_PATH_DIRECT || after.mark != sample->mark || after.connmark != sample->connmark)
    blame (world, "relay", sample, &explanation);
  check_leaving (world, NULL, sample);
}

/* Does forward=all leave it alone, too?  While a site is in doubt, the fence has it. */
static gboolean
is_exempt (const DivertWorld  *world,
           const DivertSample *sample)
{
  const gboolean lets = world->decision->internet && (world->decision->place == DIVERT_PLACE_SITE ||
                                                      world->decision->place == DIVERT_PLACE_HELD);

  return lets || sample->destination_type != 0 || !is_judged (sample) ||
         divert_prefixes_contain (world->config->bypass, &sample->destination) ||
         divert_prefix_is_link_local (&sample->destination);
}

static void
check_lan (DivertWorld        *world,
           const DivertLan    *lan,
           const DivertSample *sample)
{
  const DivertConfig *config = world->config;
  const gboolean inside = divert_prefixes_contain (world->intranets, &sample->destination);
  const gboolean granted = world->decision->place == DIVERT_PLACE_SITE &&
                           divert_prefixes_contain (world->decision->direct, &sample->destination);
  const gboolean left = sample->mark != 0 || divert_prefixes_contain (lan->prefixes, &sample->destination) || granted;
  const gboolean is_redirected = !(world->decision->dns && world->decision->place == DIVERT_PLACE_SITE);
  const gboolean is_dns = is_redirected && config->dns_port != 0 && is_judged (sample) && sample->dport == 53 &&
                          !divert_prefixes_contain (config->dns_except, &sample->destination);
  const DivertPath named = divert_world_is_circular (world, sample) ? DIVERT_PATH_BLOCK : DIVERT_PATH_DNS;
  DivertSample after;
  const DivertExplanation explanation = walk (world, sample, &after);

  if (inside && !left && (explanation.path == DIVERT_PATH_DIRECT || explanation.path == DIVERT_PATH_DNS))
    blame (world, "forward", sample, &explanation);
  if (!inside && !left && config->forward == DIVERT_FORWARD_ALL && !is_exempt (world, sample) && !is_dns &&
      explanation.path == DIVERT_PATH_DIRECT)
    blame (world, "forward", sample, &explanation);
  if (explanation.path == DIVERT_PATH_DNS && divert_world_is_circular (world, sample))
    blame (world, "fed", sample, &explanation);
  if (is_dns && sample->is_first && !inside && !left && config->forward == DIVERT_FORWARD_ALL &&
      sample->destination_type == 0 && explanation.path != named)
    blame (world, "forward", sample, &explanation);
  if ((left || (!inside && (config->forward != DIVERT_FORWARD_ALL || is_exempt (world, sample)))) &&
      explanation.path != DIVERT_PATH_DIRECT &&
      !(explanation.path == named && is_dns && config->forward == DIVERT_FORWARD_ALL))
    blame (world, "lan", sample, &explanation);
  if (explanation.path == DIVERT_PATH_DIRECT)
    check_leaving (world, lan, sample);
}

/* @lan: NULL: it comes from a stranger. */
static void
check_transports (DivertWorld     *world,
                  const DivertLan *lan,
                  DivertSample    *sample)
{
  static const struct
  {
    guint8  protocol, tcp_flags;
    guint16 dport;
  } transports[] = {
    { IPPROTO_TCP, DIVERT_TCP_SYN, 445 }, { IPPROTO_TCP, DIVERT_TCP_PSH | DIVERT_TCP_ACK, 445 },
    { IPPROTO_TCP, DIVERT_TCP_SYN, 53 },  { IPPROTO_UDP, 0, 443 },
    { IPPROTO_UDP, 0, 53 },               { IPPROTO_ICMP, 0, 0 },
    { IPPROTO_SCTP, 0, 9 },
  };
  const guint32 marks[] = { 0, world->foreign_mark };

  for (guint i = 0; i < G_N_ELEMENTS (transports) * G_N_ELEMENTS (marks) * 2; i++)
    {
      const guint transport = i / 4;

      sample->protocol = transports[transport].protocol;
      sample->tcp_flags = transports[transport].tcp_flags;
      sample->dport = transports[transport].dport;
      sample->sport = 40000;
      sample->mark = marks[i & 1];
      sample->is_first = (i & 2) != 0;
      if (lan != NULL)
        check_lan (world, lan, sample);
      else
        check_stranger (world, sample);
    }
}

static guint
get_type (const DivertPrefix *address)
{
  if (address->family == DIVERT_FAMILY_IPV6)
    return address->bytes[0] == 0xff ? DIVERT_ADDRTYPE_MULTICAST : 0;
  if (address->bytes[0] == 255)
    return DIVERT_ADDRTYPE_BROADCAST;
  return address->bytes[0] >> 4 == 14 ? DIVERT_ADDRTYPE_MULTICAST : 0;
}

static void
check_from (DivertWorld        *world,
            const DivertLan    *lan,
            const char         *interface,
            const DivertPrefix *source,
            const DivertPrefix *destination)
{
  DivertSample sample = { .has_source = TRUE, .source = *source, .destination = *destination,
                          .destination_type = get_type (destination), .interface = interface, .is_tracked = TRUE };

  sample.source.length = divert_family_bits (source->family);
  check_transports (world, lan, &sample);
}

/* From its device and its network; and only one of the two. */
static void
check_one (DivertWorld        *world,
           const DivertLan    *lan,
           const DivertPrefix *destination)
{
  const gboolean v6 = destination->family == DIVERT_FAMILY_IPV6;
  DivertPrefix stranger;

  g_assert (divert_address_parse (v6 ? STRANGER6 : STRANGER, &stranger, NULL));
  check_from (world, NULL, lan->name, &stranger, destination);
  for (guint i = 0; i < lan->prefixes->len; i++)
    {
      DivertPrefix source = *divert_prefixes_index (lan->prefixes, i);

      if (source.family != destination->family || ((world->ruleset.routing.families >> source.family) & 1) == 0)
        continue;
      source.bytes[divert_family_bytes (source.family) - 1] |= 2;
      check_from (world, lan, lan->name, &source, destination);
      check_from (world, NULL, ELSEWHERE, &source, destination);
    }
}

void
divert_invariants_check_forwarded (DivertWorld        *world,
                                   const GPtrArray    *lans,
                                   const DivertPrefix *destination)
{
  for (guint i = 0; i < lans->len; i++)
    check_one (world, g_ptr_array_index (lans, i), destination);
}
