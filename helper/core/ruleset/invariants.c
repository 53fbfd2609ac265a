/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: what must become of a packet.
 *
 * The connection mark is the rules' only memory. A stranger can create or delete a connection-tracking entry, and can
 * send packets that our own rules mark (SERVE). But he can't write a mark. So a sender's states are: untracked, no
 * mark, and the marks that our rules gave to an earlier packet of the same sockets. For each of them this must hold:
 *
 *   intranet   a packet to an intranet goes direct only with a grant or by a named exemption
 *   direct     a packet that no exemption names goes to the proxy or nowhere, whether it was judged before or not
 *   proxy      the proxy's own packets are left alone
 *   exempt     a packet that an exemption names is not refused
 *   dns        a query goes direct only by an exemption
 *   guard      even without JUDGE, nothing leaves for an intranet
 *   plant      what a stranger sends leaves no memory that leads to an intranet
 *   silent     a packet that a site grants and the fence holds for a moment isn't given to the proxy, which would reset
 *              its connection
 *   claim      what the proxy sends in a server's name doesn't make its connection one of the proxy's own
 *   nobody     a packet from 0.0.0.0 isn't given to the proxy, which couldn't answer it
 *
 * A packet that the kernel sends towards the fence (ruleset/fence.h) goes direct if it gets the spare mark. Otherwise
 * it goes nowhere.
 */
#include "invariants-private.h"

#include "explain.h"

static void
collect_intranets (DivertWorld       *world,
                   const DivertFacts *facts)
{
  world->intranets = divert_prefixes_copy (world->decision->direct);
  g_array_append_vals (world->intranets, facts->former->data, facts->former->len);
  for (guint i = 0; i < world->config->sites->len; i++)
    {
      const GArray *intranet = ((DivertSite *) g_ptr_array_index (world->config->sites, i))->intranet;

      g_array_append_vals (world->intranets, intranet->data, intranet->len);
    }
}

DivertWorld *
divert_world_new (const DivertRuleset *ruleset,
                  const DivertOrigin  *origin,
                  DivertFault          fault,
                  gpointer             user_data)
{
  DivertWorld *world = g_new0 (DivertWorld, 1);

  world->config = origin->config;
  world->decision = origin->decision;
  world->gid = origin->gid;
  world->ruleset = ruleset;
  world->guard_alone.routing = ruleset->routing;
  world->guard_alone.rules = g_ptr_array_new ();
  for (guint i = 0; i < ruleset->rules->len; i++)
    if (((DivertRule *) g_ptr_array_index (ruleset->rules, i))->chain != DIVERT_HOOK_OUTPUT)
      g_ptr_array_add (world->guard_alone.rules, g_ptr_array_index (ruleset->rules, i));
  world->ephemeral = origin->facts->ephemeral;
  /* As the rules do, which then take every port of an ordinary program for one. */
  if (world->ephemeral.first == 0)
    world->ephemeral = (DivertPorts){ 1024, G_MAXUINT16 };
  world->foreign_mark = divert_ruleset_get_bypass_mark (origin->config);
  world->fault = fault;
  world->user_data = user_data;
  collect_intranets (world, origin->facts);
  return world;
}

void
divert_world_free (DivertWorld *world)
{
  g_ptr_array_unref (world->guard_alone.rules);
  g_array_unref (world->intranets);
  g_free (world);
}

static void
blame (DivertWorld               *world,
       const char                *invariant,
       DivertSender               sender,
       const DivertSample        *sample,
       const DivertExplanation   *explanation)
{
  const char *why = explanation->rule != NULL && explanation->rule->why != NULL ? explanation->rule->why : "";
  g_autofree char *to = divert_prefix_to_string (&sample->destination);
  g_autofree char *kind = g_strdup_printf ("%s %d %d %u %u", invariant, world->decision->place, sender,
                                           sample->protocol, sample->destination.family);
  g_autofree char *text =
      g_strdup_printf ("%s, sender %d, to %s protocol %u ports %u>%u flags %02x by %s types %x: mark %x tracked %d "
                       "connmark %x first %d: %s (%s)",
                       divert_decision_get_place (world->decision), sender, to, sample->protocol, sample->sport,
                       sample->dport, sample->tcp_flags, sample->interface, sample->destination_type, sample->mark,
                       sample->is_tracked, sample->connmark, sample->is_first, divert_path_name (explanation->path),
                       why);

  world->fault (invariant, kind, text, world->user_data);
}

static gboolean
is_icmp (const DivertSample *sample)
{
  return sample->protocol == (sample->destination.family == DIVERT_FAMILY_IPV6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
}

static gboolean
is_dhcp (const DivertSample *sample)
{
  const gboolean v6 = sample->destination.family == DIVERT_FAMILY_IPV6;

  return sample->protocol == IPPROTO_UDP && sample->sport == (v6 ? 546 : 68) && sample->dport == (v6 ? 547 : 67);
}

static gboolean
is_dns (const DivertWorld  *world,
        const DivertSample *sample)
{
  return world->config->dns_port != 0 && is_judged (sample) && sample->dport == 53;
}

/* Is it left alone, wherever it goes? */
static gboolean
is_exempt_everywhere (const DivertWorld  *world,
                      const DivertSample *sample)
{
  return sample->mark == world->foreign_mark || sample->destination_type == DIVERT_ADDRTYPE_LOCAL || is_dhcp (sample);
}

static gboolean
is_granted (const DivertWorld  *world,
            const DivertSample *sample)
{
  for (guint i = 0; world->decision->place == DIVERT_PLACE_SITE && i < world->decision->exits->len; i++)
    {
      const DivertExit *way_out = g_ptr_array_index (world->decision->exits, i);

      if (g_str_equal (way_out->device, sample->interface) &&
          divert_prefixes_contain (way_out->sources, &sample->source) &&
          divert_prefixes_contain (world->decision->direct, &sample->destination))
        return TRUE;
    }
  return FALSE;
}

/* May it go to an intranet, by a grant or a named exemption? */
static gboolean
may_enter (const DivertWorld  *world,
           const DivertSample *sample)
{
  const gboolean discovers = is_icmp (sample) && (sample->icmp_type == 135 || sample->icmp_type == 136) &&
                             sample->destination.family == DIVERT_FAMILY_IPV6;
  const gboolean allowed =
      world->config->intranet_other_allow && world->decision->place != DIVERT_PLACE_HELD && is_icmp (sample);

  /* The kernel's neighbour discovery doesn't ask for a route. The fence holds packets with others' marks too. */
  if (is_fenced (sample))
    return is_dhcp (sample) || allowed;
  return is_exempt_everywhere (world, sample) || is_granted (world, sample) || discovers || allowed;
}

static gboolean
may_leave (const DivertWorld  *world,
           const DivertSample *sample)
{
  return is_exempt_everywhere (world, sample) || sample->destination_type != 0 ||
         divert_prefixes_contain (world->config->bypass, &sample->destination) ||
         divert_prefix_is_link_local (&sample->destination);
}

/* Somebody wrote to a program on a port that it asked for, or a stranger made it look so. The rules can't tell the
 * difference. */
static gboolean
serves (const DivertWorld  *world,
        const DivertSample *sample)
{
  return sample->is_tracked && sample->connmark != 0 &&
         sample->connmark == divert_ruleset_get_served_mark (world->config) && !is_ephemeral (world, sample->sport) &&
         (sample->protocol == IPPROTO_UDP || sample->tcp_flags != DIVERT_TCP_SYN);
}

/* Only packets with the spare mark are routed again, past the fence. */
static gboolean
is_swallowed (const DivertWorld  *world,
              const DivertSample *after)
{
  return is_fenced (after) && (after->mark & world->config->mask) != divert_ruleset_get_spare_mark (world->config);
}

static DivertExplanation
walk (DivertWorld         *world,
      const DivertRuleset *ruleset,
      const DivertSample  *sample)
{
  DivertSample after = *sample;
  DivertExplanation explanation;

  divert_walk (ruleset, &after, &explanation);
  if (explanation.path == DIVERT_PATH_DIRECT && is_swallowed (world, &after))
    explanation.path = DIVERT_PATH_BLOCK;
  world->n_walks++;
  return explanation;
}

static void
check_ordinary (DivertWorld        *world,
                DivertSender        sender,
                const DivertSample *sample)
{
  const gboolean inside = divert_prefixes_contain (world->intranets, &sample->destination);
  /* The guard tells this machine's packets by their source, unless they have our mark; DNS and ICMP have none. */
  const gboolean is_from_here = sample->source_type != 0;
  DivertExplanation explanation = walk (world, world->ruleset, sample);

  if ((is_dns (world, sample) || is_icmp (sample)) && !is_from_here)
    return;
  if (explanation.path == DIVERT_PATH_DIRECT && inside && !may_enter (world, sample))
    blame (world, "intranet", sender, sample, &explanation);
  if (explanation.path == DIVERT_PATH_DIRECT && is_dns (world, sample) && !is_exempt_everywhere (world, sample))
    blame (world, "dns", sender, sample, &explanation);
  if (explanation.path == DIVERT_PATH_DIRECT && !inside && is_judged (sample) && !may_leave (world, sample) &&
      !serves (world, sample))
    blame (world, "direct", sender, sample, &explanation);
  if (explanation.path != DIVERT_PATH_DIRECT && sender == DIVERT_SENDER_CLIENT && sample->mark != world->config->mark &&
      !is_dns (world, sample) && (!sample->is_tracked || sample->connmark == 0) &&
      (inside ? may_enter (world, sample) : !is_judged (sample) || may_leave (world, sample)))
    blame (world, "exempt", sender, sample, &explanation);
  if (explanation.path == DIVERT_PATH_DIVERT && is_fenced (sample) && sample->mark == 0 && sample->connmark == 0 &&
      divert_prefixes_contain (world->decision->direct, &sample->destination))
    blame (world, "silent", sender, sample, &explanation);
  if (explanation.path == DIVERT_PATH_DIVERT && sample->source_type == DIVERT_ADDRTYPE_BROADCAST)
    blame (world, "nobody", sender, sample, &explanation);

  if (!inside || may_enter (world, sample) || !is_from_here)
    return;
  explanation = walk (world, &world->guard_alone, sample);
  if (explanation.path == DIVERT_PATH_DIRECT)
    blame (world, "guard", sender, sample, &explanation);
}

/* Is the connection of @sample taken for one of the proxy's own, by this very packet? */
static gboolean
is_claimed (DivertWorld        *world,
            const DivertSample *sample)
{
  const guint32 spare = divert_ruleset_get_spare_mark (world->config);
  DivertSample after = *sample;
  DivertExplanation explanation;

  divert_walk (world->ruleset, &after, &explanation);
  world->n_walks++;
  return spare != 0 && sample->connmark != spare && after.connmark == spare;
}

static void
check_proxy (DivertWorld        *world,
             const DivertSample *sample)
{
  DivertExplanation explanation = walk (world, world->ruleset, sample);

  if (explanation.path != DIVERT_PATH_DIRECT)
    blame (world, "proxy", DIVERT_SENDER_PROXY, sample, &explanation);
  /* A connection that it opens is its own, whatever its source. */
  if (sample->source_type != DIVERT_ADDRTYPE_LOCAL && sample->tcp_flags != DIVERT_TCP_SYN &&
      is_claimed (world, sample))
    blame (world, "claim", DIVERT_SENDER_PROXY, sample, &explanation);
  /* Without PASS, the fence holds everything. */
  if (is_fenced (sample))
    return;
  explanation = walk (world, &world->guard_alone, sample);
  if (explanation.path != DIVERT_PATH_DIRECT)
    blame (world, "proxy", DIVERT_SENDER_PROXY, sample, &explanation);
}

void
divert_invariants_check_sent (DivertWorld        *world,
                              DivertSender        sender,
                              const DivertSample *sample)
{
  if (sender == DIVERT_SENDER_PROXY)
    check_proxy (world, sample);
  else
    check_ordinary (world, sender, sample);
}

/* Does @theirs leave exactly @expected as the mark of its connection? */
static void
check_memory (DivertWorld  *world,
              DivertSample *theirs,
              guint32       expected)
{
  const DivertExplanation none = { .path = DIVERT_PATH_DIRECT };

  divert_walk_arriving (world->ruleset, theirs);
  world->n_walks++;
  if (theirs->connmark != expected)
    blame (world, "plant", DIVERT_SENDER_KERNEL, theirs, &none);
}

/* Whatever a stranger sends to a client's socket on a port that it got by default must leave no memory. If the client
 * asked for the port, it must leave none that leads to an intranet. */
void
divert_invariants_check_planted (DivertWorld        *world,
                                 const DivertSample *sample)
{
  static const DivertReceiver receivers[] = { DIVERT_RECEIVER_ANY, DIVERT_RECEIVER_BOUND, DIVERT_RECEIVER_SOMEBODY };
  const gboolean tcp = sample->protocol == IPPROTO_TCP;

  for (guint i = 0; is_judged (sample) && i < G_N_ELEMENTS (receivers); i++)
    {
      DivertSample theirs = { .has_source = TRUE,
                              .source = sample->destination,
                              .destination = sample->source,
                              .destination_type = DIVERT_ADDRTYPE_LOCAL,
                              .protocol = sample->protocol,
                              .sport = sample->dport,
                              .dport = sample->sport,
                              .tcp_flags = sample->tcp_flags,
                              .interface = sample->interface,
                              .is_tracked = TRUE,
                              .receiver = receivers[i] };
      const gboolean listens = tcp && sample->tcp_flags == DIVERT_TCP_SYN && receivers[i] == DIVERT_RECEIVER_SOMEBODY;
      const gboolean may_serve = receivers[i] != DIVERT_RECEIVER_ANY && !is_ephemeral (world, sample->sport);
      guint32 expected = 0;

      if (listens)
        expected = divert_ruleset_get_spare_mark (world->config);
      else if (may_serve)
        expected = divert_ruleset_get_served_mark (world->config);
      check_memory (world, &theirs, expected);

      /* A judged connection stays judged. */
      theirs.connmark = world->config->mark;
      check_memory (world, &theirs, world->config->mark);
    }
}
