/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: every class of packet that this machine can send, in every state that a stranger can choose.
 *
 * Theory of operation.  The loops go through addresses in and around each intranet and elsewhere, what the kernel may
 * take an address for, interfaces (invariants-places.c), protocols with ports and flags, senders, and packet marks.
 * Each of these packets is then walked in all states of its connection.
 *
 * With a budget, a turn takes a few of the addresses and walks every n-th packet to them.  Later turns take the other
 * addresses, and then begin at another packet.  As n has no factor in common with the sizes of the inner loops, all
 * packets are walked in the end.
 */
#include "invariants-private.h"

#include "lans.h"

#define ADDRESSES_PER_TURN 4
/* For one address by one interface, with the senders that there are without control groups. */
#define PACKETS 495

typedef struct
{
  DivertWorld *world;
  DivertWay    ways[DIVERT_MAX_WAYS];
  guint        n_ways;
  const DivertFacts *facts;
  GPtrArray   *lans;             /* DivertLan */
  guint16      ephemeral, fixed; /* a port of each kind */
  guint        step;
  guint        skip;             /* so many packets until the next one that is walked */
} Tour;

/* An exempt unit's TCP connection has the served mark, whatever its port. */
static gboolean
is_exempts (const Tour         *tour,
            const DivertSample *sample)
{
  return tour->world->exempt != 0 && sample->protocol == IPPROTO_TCP;
}

/* Walks in every state that somebody else can choose, and in those that our own rules leave behind. */
static void
walk_states (Tour               *tour,
             DivertSender        sender,
             const DivertSample *sample)
{
  const DivertConfig *config = tour->world->config;
  const gboolean opens = sample->protocol == IPPROTO_TCP && sample->tcp_flags == DIVERT_TCP_SYN;
  const gboolean proxy = is_proxys (sender);
  const guint32 spare = divert_ruleset_get_spare_mark (config), served = divert_ruleset_get_served_mark (config);
  const guint32 foreign = 0xff00 & ~config->mask;
  const struct
  {
    gboolean is_tracked, applies;
    guint32  connmark;
  } states[] = {
    { FALSE, TRUE, 0 },
    { TRUE, TRUE, 0 },
    { TRUE, foreign != 0, foreign },
    /* The proxy's own TCP connection is never marked, unless it reuses the ports of one that was. */
    { TRUE, !proxy || opens || sample->protocol == IPPROTO_UDP, config->mark },
    /* Only the proxy and a listener get these, but a new connection may find them, and so may any datagram. */
    { TRUE, spare != 0 && (proxy || opens) && sample->protocol == IPPROTO_TCP, spare },
    { TRUE, spare != 0 && sample->protocol == IPPROTO_UDP, spare },
    { TRUE, served != 0 && (opens || !is_ephemeral (tour->world, sample->sport) || is_exempts (tour, sample)) &&
              is_judged (sample), served },
  };

  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    /* Only DNS is redirected, and only then. */
    for (guint is_first = 0; is_first < (sample->dport == 53 ? 2 : 1) && states[i].applies; is_first++)
      {
        DivertSample state = *sample;

        state.is_tracked = states[i].is_tracked;
        state.connmark = states[i].connmark;
        state.is_first = is_first;
        divert_invariants_check_sent (tour->world, sender, &state);
      }
}

static gboolean
is_next (Tour *tour)
{
  if (tour->skip > 0)
    {
      tour->skip--;
      return FALSE;
    }
  tour->skip = tour->step - 1;
  return TRUE;
}

/* FALSE: there is no such sender. */
static gboolean
set_sender (const DivertWorld *world,
            DivertSender       sender,
            DivertSample      *sample)
{
  sample->has_socket = sender != DIVERT_SENDER_KERNEL;
  sample->gid = sender == DIVERT_SENDER_PROXY ? world->gid : world->gid + 1;
  sample->cgroup = sender == DIVERT_SENDER_UNIT ? world->unit : sender == DIVERT_SENDER_EXEMPT ? world->exempt : 0;
  if (sender == DIVERT_SENDER_PROXY)
    return world->gid != DIVERT_GID_NONE;
  return sample->cgroup != 0 || (sender != DIVERT_SENDER_UNIT && sender != DIVERT_SENDER_EXEMPT);
}

static void
walk_senders (Tour         *tour,
              DivertSample *sample)
{
  const guint32 ours = tour->world->config->mark, marks[] = { 0, tour->world->foreign_mark, ours };

  for (guint sender = 0; sender < DIVERT_N_SENDERS; sender++)
    for (guint i = 0; i < G_N_ELEMENTS (marks); i++)
      for (guint is_bound = 0; is_bound < 2; is_bound++)
        {
          if (!set_sender (tour->world, sender, sample) || (is_proxys (sender) && marks[i] == ours) ||
              (is_bound && marks[i] != 0) || !is_next (tour))
            continue;
          sample->mark = marks[i];
          sample->is_bound = is_bound;
          walk_states (tour, sender, sample);
        }
}

static void
walk_transports (Tour         *tour,
                 DivertSample *sample)
{
  static const guint8 tcp_flags[] = {
    DIVERT_TCP_SYN, DIVERT_TCP_SYN | DIVERT_TCP_ACK, DIVERT_TCP_ACK, DIVERT_TCP_FIN | DIVERT_TCP_ACK,
    DIVERT_TCP_RST, DIVERT_TCP_RST | DIVERT_TCP_ACK, DIVERT_TCP_PSH | DIVERT_TCP_ACK
  };
  const guint16 ephemeral = tour->ephemeral, fixed = tour->fixed;
  const struct
  {
    guint8  protocol;
    guint16 sport, dport;
    guint8  icmp_type;
  } transports[] = {
    { IPPROTO_TCP, ephemeral, 443, 0 },    { IPPROTO_TCP, ephemeral, 53, 0 },     { IPPROTO_TCP, fixed, 2049, 0 },
    { IPPROTO_TCP, 22, ephemeral, 0 },     { IPPROTO_UDP, ephemeral, 443, 0 },    { IPPROTO_UDP, ephemeral, 53, 0 },
    { IPPROTO_UDP, fixed, 111, 0 },        { IPPROTO_UDP, 5353, 5353, 0 },        { IPPROTO_UDP, 68, 67, 0 },
    { IPPROTO_UDP, 546, 547, 0 },          { IPPROTO_UDP, ephemeral, 67, 0 },     { IPPROTO_ICMP, 0, 0, 8 },
    { IPPROTO_ICMP, 0, 0, 3 },             { IPPROTO_ICMPV6, 0, 0, 128 },         { IPPROTO_ICMPV6, 0, 0, 135 },
    { IPPROTO_ICMPV6, 0, 0, 136 },         { IPPROTO_UDPLITE, ephemeral, 9, 0 },  { IPPROTO_SCTP, ephemeral, 9, 0 },
    { IPPROTO_DCCP, ephemeral, 9, 0 },     { IPPROTO_GRE, 0, 0, 0 },              { IPPROTO_ESP, 0, 0, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (transports); i++)
    {
      const guint n_flags = transports[i].protocol == IPPROTO_TCP ? G_N_ELEMENTS (tcp_flags) : 1;

      sample->protocol = transports[i].protocol;
      sample->sport = transports[i].sport;
      sample->dport = transports[i].dport;
      sample->icmp_type = transports[i].icmp_type;
      for (guint j = 0; j < n_flags; j++)
        {
          sample->tcp_flags = sample->protocol == IPPROTO_TCP ? tcp_flags[j] : 0;
          if (is_next (tour))
            divert_invariants_check_planted (tour->world, sample);
          walk_senders (tour, sample);
        }
    }
}

/* Some site, so perhaps the one that we have just left, lets more than its intranet go direct: then the fence may hold
 * everything for a moment. */
static gboolean
has_outer (const DivertConfig *config)
{
  for (guint i = 0; i < config->sites->len; i++)
    {
      const DivertSite *site = g_ptr_array_index (config->sites, i);

      if (site->internet_direct || site->dns_direct)
        return TRUE;
    }
  return FALSE;
}

/* Tries the address as everything that the kernel may take it for. DHCP and a router choose the subnet, and so decide
 * which of its addresses is the broadcast address. */
static void
walk_address (Tour               *tour,
              const DivertPrefix *address)
{
  const DivertWorld *world = tour->world;
  /* Without room for a mark, nothing passes the fence, whatever the rules say. */
  const gboolean is_fence = (divert_prefixes_contain (world->intranets, address) || has_outer (world->config)) &&
                            divert_ruleset_get_spare_mark (world->config) != 0;
  const gboolean is_multicast =
      address->family == DIVERT_FAMILY_IPV6 ? address->bytes[0] == 0xff : address->bytes[0] >> 4 == 14;
  const guint types[] = { is_multicast ? DIVERT_ADDRTYPE_MULTICAST : 0, DIVERT_ADDRTYPE_BROADCAST };

  for (guint i = 0; i < (address->family == DIVERT_FAMILY_IPV4 && !is_multicast ? 2 : 1); i++)
    for (guint j = 0; j < tour->n_ways; j++)
      {
        DivertSample sample = { .has_source = TRUE, .source = tour->ways[j].sources[address->family],
                                .destination = *address, .destination_type = types[i],
                                .source_type = DIVERT_ADDRTYPE_LOCAL, .interface = tour->ways[j].interface };

        if (tour->ways[j].is_bare)
          sample.source_type = address->family == DIVERT_FAMILY_IPV4 ? DIVERT_ADDRTYPE_BROADCAST : 0;
        if (!is_fenced (&sample) || is_fence)
          walk_transports (tour, &sample);
      }
  divert_invariants_check_forwarded (tour->world, tour->lans, address);
  divert_invariants_check_wire (tour->world, tour->facts, address);
}

/* From @first on; 700 is what a program gets that wants a reserved port. */
static guint16
find_port (const DivertWorld *world,
           guint16            first,
           gboolean           ephemeral)
{
  for (guint port = first; port <= G_MAXUINT16; port++)
    if (is_ephemeral (world, port) == ephemeral)
      return port;
  return first;
}

static guint
choose_step (guint n_addresses,
             guint n_ways,
             guint budget)
{
  guint chosen = MAX (1, n_addresses * n_ways * PACKETS / budget);

  while (chosen % 2 == 0 || chosen % 3 == 0 || chosen % 5 == 0 || chosen % 7 == 0 || chosen % 11 == 0)
    chosen++;
  return chosen;
}

static void
walk_some (Tour         *tour,
           const GArray *addresses,
           guint         budget,
           guint         turn)
{
  const guint n_turns = (addresses->len + ADDRESSES_PER_TURN - 1) / ADDRESSES_PER_TURN;
  const guint first = turn % n_turns * ADDRESSES_PER_TURN;
  const guint end = MIN (first + ADDRESSES_PER_TURN, addresses->len);

  tour->step = choose_step (end - first, tour->n_ways, budget);
  tour->skip = turn / n_turns % tour->step;
  for (guint i = first; i < end; i++)
    walk_address (tour, divert_prefixes_index (addresses, i));
}

guint
divert_invariants_check (const DivertRuleset *ruleset,
                         const DivertOrigin  *origin,
                         guint                budget,
                         guint                turn,
                         DivertFault          fault,
                         gpointer             user_data)
{
  DivertWorld *world = divert_world_new (ruleset, origin, fault, user_data);
  g_autoptr(GArray) addresses = divert_world_list_addresses (world);
  g_autoptr(GPtrArray) lans = divert_lans_collect (origin->config, origin->decision, origin->facts);
  Tour tour = { .world = world, .facts = origin->facts, .lans = lans, .step = 1 };
  guint n_walks;

  tour.n_ways = divert_world_list_ways (world, origin->facts, tour.ways);
  tour.ephemeral = find_port (world, world->ephemeral.first, TRUE);
  tour.fixed = find_port (world, 700, FALSE);
  for (guint i = 0; i < tour.n_ways; i++)
    divert_invariants_check_astray (world, &tour.ways[i]);
  if (budget != 0)
    walk_some (&tour, addresses, budget, turn);
  for (guint i = 0; i < addresses->len && budget == 0; i++)
    walk_address (&tour, divert_prefixes_index (addresses, i));
  n_walks = world->n_walks;
  divert_world_free (world);
  return n_walks;
}
