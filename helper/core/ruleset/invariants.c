/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: what must become of a packet.
 *
 * The connection mark is the rules' only memory. A stranger can create or delete a connection-tracking entry, and can
 * send packets that our own rules mark (SERVE). But he can't write a mark. So a sender's states are: untracked, no
 * mark, and the marks that our rules gave to an earlier packet of the same sockets. For each of them this must hold:
 *
 *   intranet   a packet to an intranet goes direct only with a grant or by a named exemption
 *   direct     a packet that no exemption names goes to the proxy or nowhere, whether it was judged before or not.  An
 *              exempt unit's goes direct, but to no intranet, and its DNS doesn't
 *   proxy      the proxy's own packets are left alone
 *   exempt     a packet that an exemption names is not refused
 *   dns        a query goes direct only by an exemption, or with a grant
 *   guard      even without JUDGE, nothing leaves for an intranet
 *   plant      what a stranger sends leaves no memory that leads to an intranet
 *   silent     a packet that a site grants and the fence holds for a moment isn't given to the proxy, which would reset
 *              its connection
 *   claim      what the proxy sends in a server's name doesn't make its connection one of the proxy's own
 *   fed        nothing is given to a port that nobody listens on, or somebody other than the proxy, and no query to a
 *              resolver that asks itself
 *   starved    nothing is refused that the proxy, or the resolver, would take
 *   relay, forward, lan: invariants-forward.c
 *   stray, wire: invariants-wire.c
 *   astray     a query that was redirected, but would leave by a wire all the same, is dropped
 *   nobody     a packet from 0.0.0.0 isn't given to the proxy, which couldn't answer it
 *
 * A packet that the kernel sends towards the fence (ruleset/fence.h) goes direct if it gets the spare mark. Otherwise
 * it goes nowhere.
 */
#include "invariants-private.h"

#include "explain.h"

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

/* Only packets with the spare mark are routed again, past the fence. */
static gboolean
is_swallowed (const DivertWorld  *world,
              const DivertSample *after)
{
  return is_fenced (after) && (after->mark & world->config->mask) != divert_ruleset_get_spare_mark (world->config);
}

static gboolean
is_refused (const DivertExplanation *explanation)
{
  return explanation->path == DIVERT_PATH_BLOCK && explanation->rule != NULL &&
         explanation->rule->verdict == DIVERT_VERDICT_REFUSE;
}

static DivertExplanation
walk (DivertWorld        *world,
      const DivertWalker *ruleset,
      const DivertSample *sample)
{
  DivertSample after = *sample;
  DivertExplanation explanation;

  divert_walker_send (ruleset, &after, &explanation);
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
  DivertExplanation explanation = walk (world, &world->ruleset, sample);

  if ((divert_world_is_dns (world, sample) || is_icmp (sample)) && !is_from_here)
    return;
  if (explanation.path == DIVERT_PATH_DIRECT && inside && !divert_world_may_enter (world, sample))
    blame (world, "intranet", sender, sample, &explanation);
  if (explanation.path == DIVERT_PATH_DIRECT && divert_world_is_dns (world, sample) &&
      !divert_world_is_exempt_everywhere (world, sample) && !divert_world_is_dns_granted (world, sample))
    blame (world, "dns", sender, sample, &explanation);
  if (explanation.path == DIVERT_PATH_DIRECT && !inside && !divert_world_may_leave (world, sample) &&
      !divert_world_serves (world, sample) && !divert_world_is_exempt (world, sender, sample))
    blame (world, "direct", sender, sample, &explanation);
  if (explanation.path != DIVERT_PATH_DIRECT &&
      (sender == DIVERT_SENDER_CLIENT || sender == DIVERT_SENDER_EXEMPT) && sample->mark != world->config->mark &&
      !divert_world_is_dns (world, sample) && (!sample->is_tracked || sample->connmark == 0) &&
      (inside ? divert_world_may_enter (world, sample)
              /* The fence holds what has somebody else's mark. */
              : divert_world_may_leave (world, sample) ||
                    (sender == DIVERT_SENDER_EXEMPT && !(is_fenced (sample) && sample->mark != 0))))
    blame (world, "exempt", sender, sample, &explanation);
  if (explanation.path == DIVERT_PATH_DIVERT && is_fenced (sample) && sample->mark == 0 && sample->connmark == 0 &&
      (inside ? divert_prefixes_contain (world->decision->direct, &sample->destination)
              : world->decision->internet && is_judged (sample) && !divert_world_is_dns (world, sample)))
    blame (world, "silent", sender, sample, &explanation);
  if (explanation.path == DIVERT_PATH_DIVERT && divert_world_is_unheard (world, sample, explanation.port))
    blame (world, "fed", sender, sample, &explanation);
  if (explanation.path == DIVERT_PATH_DNS && divert_world_is_circular (world, sample))
    blame (world, "fed", sender, sample, &explanation);
  if (is_refused (&explanation) && !divert_world_is_unheard_somewhere (world, sample) &&
      !divert_world_is_circular (world, sample))
    blame (world, "starved", sender, sample, &explanation);
  if (explanation.path == DIVERT_PATH_DIVERT && sample->source_type == DIVERT_ADDRTYPE_BROADCAST)
    blame (world, "nobody", sender, sample, &explanation);

  if (!inside || divert_world_may_enter (world, sample) || !is_from_here)
    return;
  explanation = walk (world, &world->guard_alone, sample);
  if (explanation.path == DIVERT_PATH_DIRECT)
    blame (world, "guard", sender, sample, &explanation);
}

static void
check_astray (DivertWorld     *world,
              const DivertWay *way,
              guint16          port)
{
  static const guint8 protocols[] = { IPPROTO_TCP, IPPROTO_UDP };

  for (guint i = 0; i < DIVERT_N_FAMILIES * G_N_ELEMENTS (protocols); i++)
    {
      DivertSample sample = { .has_source = TRUE, .source = way->sources[i / 2], .source_type = DIVERT_ADDRTYPE_LOCAL,
                              .protocol = protocols[i % 2], .is_bound = TRUE, .dport = port,
                              .interface = way->interface, .has_socket = TRUE, .gid = world->gid + 1,
                              .is_tracked = TRUE, .is_first = TRUE };
      DivertExplanation explanation;

      g_assert (divert_address_parse (i < 2 ? "127.0.0.1" : "::1", &sample.destination, NULL));
      explanation = walk (world, &world->guard_alone, &sample);
      if ((world->config->ipv6 || i < 2) && explanation.path == DIVERT_PATH_DIRECT)
        blame (world, "astray", DIVERT_SENDER_CLIENT, &sample, &explanation);
    }
}

/* What is redirected when its socket is bound to @way's device, and no route of ours catches it. */
void
divert_invariants_check_astray (DivertWorld     *world,
                                const DivertWay *way)
{
  const guint16 port = world->config->dns_port;

  if (port != 0)
    check_astray (world, way, port);
  if (port != 0 && divert_listening_find_circles (world->listening, port) != DIVERT_FAMILIES_NONE)
    check_astray (world, way, DIVERT_PORT_CLOSED);
}

/* Is the connection of @sample taken for one of the proxy's own, by this very packet? */
static gboolean
is_claimed (DivertWorld        *world,
            const DivertSample *sample)
{
  const guint32 spare = divert_ruleset_get_spare_mark (world->config);
  DivertSample after = *sample;
  DivertExplanation explanation;

  divert_walker_send (&world->ruleset, &after, &explanation);
  world->n_walks++;
  return spare != 0 && sample->connmark != spare && after.connmark == spare;
}

static void
check_proxy (DivertWorld        *world,
             DivertSender        sender,
             const DivertSample *sample)
{
  DivertExplanation explanation = walk (world, &world->ruleset, sample);
  /* What passes the fence has the mark of what NAMES lets go, and then the guard asks for a grant, or for the group.
   * Nor does it know the unit of what has somebody else's mark. */
  const gboolean unsure =
      sender == DIVERT_SENDER_UNIT &&
      ((world->decision->dns && divert_world_is_dns (world, sample) && is_fenced (sample)) ||
       /* Nor of a DHCP client's question from an address that is gone. */
       ((sample->mark == world->foreign_mark || (sample->source_type == 0 && sample->dport == 547)) &&
        divert_prefixes_contain (world->intranets, &sample->destination)));

  if (explanation.path != DIVERT_PATH_DIRECT && !unsure)
    blame (world, "proxy", sender, sample, &explanation);
  /* A connection that it opens is its own, whatever its source. */
  if (sample->source_type != DIVERT_ADDRTYPE_LOCAL && sample->tcp_flags != DIVERT_TCP_SYN &&
      is_claimed (world, sample))
    blame (world, "claim", sender, sample, &explanation);
  /* Without PASS, the fence holds everything, and without JUDGE the guard doesn't know the unit. */
  if (is_fenced (sample) || sender == DIVERT_SENDER_UNIT)
    return;
  explanation = walk (world, &world->guard_alone, sample);
  if (explanation.path != DIVERT_PATH_DIRECT)
    blame (world, "proxy", sender, sample, &explanation);
}

void
divert_invariants_check_sent (DivertWorld        *world,
                              DivertSender        sender,
                              const DivertSample *sample)
{
  if (is_proxys (sender))
    check_proxy (world, sender, sample);
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

  divert_walker_receive (&world->ruleset, theirs);
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
