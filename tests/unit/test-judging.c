/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every class of packet that this machine can send walks through the ruleset value, in every state that a stranger can
 * choose, at every place.
 *
 * The connection mark is the rules' only memory. A stranger can create or delete a connection-tracking entry, and can
 * send packets that our own rules mark (SERVE). But he can't write a mark. So a sender's states are: untracked, no
 * mark, and the marks that our rules gave to an earlier packet of the same sockets. For each of them this must hold:
 *
 *   intranet   a packet to an intranet goes direct only with a grant or by a named exemption
 *   direct     a packet that no exemption names goes to the proxy or nowhere, whether it was judged before or not
 *   proxy      the proxy's own packets are left alone
 *   exempt     a packet that an exemption names is not refused
 *   guard      even without JUDGE, nothing leaves for an intranet
 *   silent     a packet that a site grants and the fence holds for a moment isn't given to the proxy, which would reset
 *              its connection
 *   nobody     a packet from 0.0.0.0 isn't given to the proxy, which couldn't answer it
 *
 * A packet that the kernel sends towards the fence (ruleset/fence.h) goes direct if it gets the spare mark. Otherwise
 * it goes nowhere.
 */
#include <netinet/in.h>
#include <string.h>

#include "core/ruleset/explain.h"
#include "core/ruleset/fence.h"

#define GROUP_ID 23333
#define UUID "6b0c1f9e-0000-4000-8000-000000000001"
#define EPHEMERAL 40000
#define FIXED 700
#define FOREIGN_MARK 0xca6c00

#define SYN 0x02
#define RST 0x04
#define ACK 0x10

static const guint8 tcp_flags[] = { SYN, SYN | ACK, ACK, 0x01 | ACK, RST, RST | ACK, 0x08 | ACK };

typedef enum
{
  SENDER_CLIENT,  /* an ordinary program's socket that asked for something */
  SENDER_KERNEL,  /* no socket: a refusal, or data left behind by a closed socket */
  SENDER_PROXY,
  N_SENDERS,
} Sender;

typedef struct
{
  DivertConfig   *config;
  DivertDecision *decision;
  DivertFacts    *facts;
  DivertRuleset  *ruleset;
  DivertRuleset  *guard_alone;
  GArray         *intranets;
  gboolean        allow;
} World;

static guint n_walks, n_faults;
static GHashTable *seen; /* kinds of faults */

static void
blame (const World               *world,
       const char                *invariant,
       Sender                     sender,
       const DivertSample        *sample,
       const DivertExplanation   *explanation)
{
  g_autofree char *to = divert_prefix_to_string (&sample->destination);
  g_autofree char *kind = g_strdup_printf ("%s %d %d %u %u", invariant, world->decision->place, sender,
                                           sample->protocol, sample->destination.family);

  n_faults++;
  if (!g_hash_table_add (seen, g_steal_pointer (&kind)) || g_hash_table_size (seen) > 60)
    return;
  g_test_message ("%s: %s, sender %d, to %s protocol %u ports %u>%u flags %02x by %s types %x: tracked %d connmark %x "
                  "first %d: %s (%s)",
                  invariant, divert_decision_get_place (world->decision), sender, to, sample->protocol, sample->sport,
                  sample->dport, sample->tcp_flags, sample->interface, sample->destination_type, sample->is_tracked,
                  sample->connmark, sample->is_first, divert_path_name (explanation->path),
                  explanation->rule != NULL && explanation->rule->why != NULL ? explanation->rule->why : "");
}

static DivertFacts *
make_facts (gboolean here)
{
  static const char facts[] =
      "[machine]\nnm-running=true\nsleeping=false\nformer=2001:db8:f::/64\n"
      "ephemeral-ports=32768-60999\n"
      "[connection 1]\nuuid=" UUID "\nid=home\ntype=802-3-ethernet\ndevice=wlan0\nup=true\n"
      "[link 1]\nifindex=2\nname=wlan0\ncarrier=%s\n"
      "addresses=192.168.22.33/24;fd00:22::33/64;2001:db8:a::33/64\ngateways=192.168.22.1 unknown\n";
  g_autofree char *text = g_strdup_printf (facts, here ? "true" : "false");
  g_autoptr(GError) error = NULL;
  DivertFacts *made = divert_facts_from_text (text, strlen (text), &error);

  g_assert_no_error (error);
  return made;
}

static DivertDecision *
decide (const DivertConfig *config,
        DivertModeKind      mode_kind,
        const DivertFacts  *facts)
{
  g_autoptr(DivertMode) mode = divert_mode_new (mode_kind, NULL);

  return divert_decide (config, mode, facts);
}

static void
collect (World *world)
{
  world->intranets = divert_prefixes_copy (world->decision->direct);
  g_array_append_vals (world->intranets, world->facts->former->data, world->facts->former->len);
  for (guint i = 0; i < world->config->sites->len; i++)
    {
      const GArray *intranet = ((DivertSite *) g_ptr_array_index (world->config->sites, i))->intranet;

      g_array_append_vals (world->intranets, intranet->data, intranet->len);
    }
}

static World *
make_world (const char      *divert,
            DivertPlaceKind  place)
{
  World *world = g_new0 (World, 1);
  g_autofree char *text =
      g_strconcat ("[proxy]\ngroup=1\n", divert,
                   "[site home]\nconnection-uuid=" UUID "\n"
                   "intranet=192.168.22.0/24;10.20.0.0/16;fd00:22::/64;auto6\n"
                   "[site office]\nzone=work\nsubnet=10.0.0.0/8\nintranet=172.30.1.0/30;fd00:33::/48\n",
                   NULL);
  g_autoptr(GError) error = NULL;

  world->config = divert_config_new ();
  divert_config_add (world->config, "config", text, strlen (text), &error);
  g_assert_no_error (error);
  divert_config_finish (world->config, &error);
  g_assert_no_error (error);
  world->allow = world->config->intranet_other_allow;
  world->facts = make_facts (TRUE);
  world->decision =
      decide (world->config, place == DIVERT_PLACE_AWAY ? DIVERT_MODE_AWAY : DIVERT_MODE_AUTO, world->facts);
  if (place == DIVERT_PLACE_HELD)
    {
      g_autoptr(DivertDecision) before = g_steal_pointer (&world->decision);
      g_autoptr(DivertFacts) gone = make_facts (FALSE);

      world->decision = decide (world->config, DIVERT_MODE_AUTO, gone);
      divert_decision_hold (world->decision, g_ptr_array_index (world->decision->candidates, 0), before->direct,
                            before->exits);
    }
  g_assert_cmpint (world->decision->place, ==, place);
  world->ruleset = divert_ruleset_new (world->config, world->decision, GROUP_ID, world->facts);
  world->guard_alone = divert_ruleset_new (world->config, world->decision, GROUP_ID, world->facts);
  for (guint i = world->guard_alone->rules->len; i > 0; i--)
    if (((DivertRule *) g_ptr_array_index (world->guard_alone->rules, i - 1))->chain == DIVERT_HOOK_OUTPUT)
      g_ptr_array_remove_index (world->guard_alone->rules, i - 1);
  collect (world);
  return world;
}

static void
world_free (World *world)
{
  divert_config_free (world->config);
  divert_decision_free (world->decision);
  divert_facts_free (world->facts);
  divert_ruleset_unref (world->ruleset);
  divert_ruleset_unref (world->guard_alone);
  g_array_unref (world->intranets);
  g_free (world);
}

static gboolean
is_icmp (const DivertSample *sample)
{
  return sample->protocol == (sample->destination.family == DIVERT_FAMILY_IPV6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
}

static gboolean
is_judged (const DivertSample *sample)
{
  return sample->protocol == IPPROTO_TCP || sample->protocol == IPPROTO_UDP;
}

static gboolean
is_dhcp (const DivertSample *sample)
{
  const gboolean v6 = sample->destination.family == DIVERT_FAMILY_IPV6;

  return sample->protocol == IPPROTO_UDP && sample->sport == (v6 ? 546 : 68) && sample->dport == (v6 ? 547 : 67);
}

/* Policy routing sends it to the fence. */
static gboolean
is_fenced (const DivertSample *sample)
{
  return g_str_equal (sample->interface, DIVERT_FENCE_DEVICE);
}

static gboolean
is_dns (const World        *world,
        const DivertSample *sample)
{
  return world->config->dns_port != 0 && is_judged (sample) && sample->dport == 53;
}

/* Is it left alone, wherever it goes? */
static gboolean
is_exempt_everywhere (const DivertSample *sample)
{
  return sample->mark == FOREIGN_MARK || sample->destination_type == DIVERT_ADDRTYPE_LOCAL || is_dhcp (sample);
}

static gboolean
is_granted (const World        *world,
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
may_enter (const World        *world,
           const DivertSample *sample)
{
  const gboolean discovers = is_icmp (sample) && (sample->icmp_type == 135 || sample->icmp_type == 136) &&
                             sample->destination.family == DIVERT_FAMILY_IPV6;
  const gboolean allowed = world->allow && world->decision->place != DIVERT_PLACE_HELD && is_icmp (sample);

  /* The kernel's neighbour discovery doesn't ask for a route. The fence holds packets with others' marks too. */
  if (is_fenced (sample))
    return is_dhcp (sample) || allowed;
  return is_exempt_everywhere (sample) || is_granted (world, sample) || discovers || allowed;
}

static gboolean
may_leave (const World        *world,
           const DivertSample *sample)
{
  return is_exempt_everywhere (sample) || sample->destination_type != 0 ||
         divert_prefixes_contain (world->config->bypass, &sample->destination) ||
         divert_prefix_is_link_local (&sample->destination);
}

/* Somebody wrote to a program on a port that it asked for, or a stranger made it look so. The rules can't tell the
 * difference. */
static gboolean
serves (const World        *world,
        const DivertSample *sample)
{
  return sample->is_tracked && sample->connmark != 0 &&
         sample->connmark == divert_ruleset_get_served_mark (world->config) && sample->sport != EPHEMERAL &&
         (sample->protocol == IPPROTO_UDP || sample->tcp_flags != SYN);
}

/* Only packets with the spare mark are routed again, past the fence. */
static gboolean
is_swallowed (const World        *world,
              const DivertSample *after)
{
  return is_fenced (after) && (after->mark & world->config->mask) != divert_ruleset_get_spare_mark (world->config);
}

static DivertExplanation
walk (const World         *world,
      const DivertRuleset *ruleset,
      const DivertSample  *sample)
{
  DivertSample after = *sample;
  DivertExplanation explanation;

  divert_walk (ruleset, &after, &explanation);
  if (explanation.path == DIVERT_PATH_DIRECT && is_swallowed (world, &after))
    explanation.path = DIVERT_PATH_BLOCK;
  n_walks++;
  return explanation;
}

static void
check_ordinary (const World        *world,
                Sender              sender,
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
  if (explanation.path == DIVERT_PATH_DIRECT && is_dns (world, sample) && !is_exempt_everywhere (sample))
    blame (world, "dns", sender, sample, &explanation);
  if (explanation.path == DIVERT_PATH_DIRECT && !inside && is_judged (sample) && !may_leave (world, sample) &&
      !serves (world, sample))
    blame (world, "direct", sender, sample, &explanation);
  if (explanation.path != DIVERT_PATH_DIRECT && sender == SENDER_CLIENT && sample->mark != world->config->mark &&
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
  explanation = walk (world, world->guard_alone, sample);
  if (explanation.path == DIVERT_PATH_DIRECT)
    blame (world, "guard", sender, sample, &explanation);
}

static void
check_proxy (const World        *world,
             const DivertSample *sample)
{
  DivertExplanation explanation = walk (world, world->ruleset, sample);

  if (explanation.path != DIVERT_PATH_DIRECT)
    blame (world, "proxy", SENDER_PROXY, sample, &explanation);
  /* Without PASS, the fence holds everything. */
  if (is_fenced (sample))
    return;
  explanation = walk (world, world->guard_alone, sample);
  if (explanation.path != DIVERT_PATH_DIRECT)
    blame (world, "proxy", SENDER_PROXY, sample, &explanation);
}

/* Whatever a stranger sends to a client's socket on a port that it got by default must leave no memory. If the client
 * asked for the port, it must leave none that leads to an intranet. */
static void
plant (const World        *world,
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
      const gboolean listens = tcp && sample->tcp_flags == SYN && receivers[i] == DIVERT_RECEIVER_SOMEBODY;
      const gboolean serves = receivers[i] != DIVERT_RECEIVER_ANY && sample->sport != EPHEMERAL;
      guint32 expected = 0;

      if (listens)
        expected = divert_ruleset_get_spare_mark (world->config);
      else if (serves)
        expected = divert_ruleset_get_served_mark (world->config);
      divert_walk_arriving (world->ruleset, &theirs);
      g_assert_cmphex (theirs.connmark, ==, expected);

      /* A judged connection stays judged. */
      theirs.connmark = world->config->mark;
      divert_walk_arriving (world->ruleset, &theirs);
      g_assert_cmphex (theirs.connmark, ==, world->config->mark);
    }
}

/* Walks in every state that somebody else can choose, and in those that our own rules leave behind. */
static void
walk_states (const World        *world,
             Sender              sender,
             const DivertSample *sample)
{
  const gboolean opens = sample->protocol == IPPROTO_TCP && sample->tcp_flags == SYN;
  const guint32 mark = world->config->mark, spare = divert_ruleset_get_spare_mark (world->config);
  const guint32 served = divert_ruleset_get_served_mark (world->config);
  const struct
  {
    gboolean is_tracked, applies;
    guint32  connmark;
  } states[] = {
    { FALSE, TRUE, 0 },
    { TRUE, TRUE, 0 },
    { TRUE, TRUE, 0xff00 }, /* somebody else's bits */
    /* The proxy's own TCP connection is never marked, unless it reuses the ports of one that was. */
    { TRUE, sender != SENDER_PROXY || opens || sample->protocol == IPPROTO_UDP, mark },
    /* Only the proxy and a listener get these, but a new connection may find them. */
    { TRUE, spare != 0 && (sender == SENDER_PROXY || opens) && sample->protocol == IPPROTO_TCP, spare },
    { TRUE, served != 0 && (opens || sample->sport != EPHEMERAL) && is_judged (sample), served },
  };

  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    /* Only DNS is redirected, and only then. */
    for (guint is_first = 0; is_first < (sample->dport == 53 ? 2 : 1) && states[i].applies; is_first++)
      {
        DivertSample state = *sample;

        state.is_tracked = states[i].is_tracked;
        state.connmark = states[i].connmark;
        state.is_first = is_first;
        if (sender == SENDER_PROXY)
          check_proxy (world, &state);
        else
          check_ordinary (world, sender, &state);
      }
}

static void
walk_senders (const World  *world,
              DivertSample *sample)
{
  const guint32 marks[] = { 0, FOREIGN_MARK, world->config->mark };

  for (guint sender = 0; sender < N_SENDERS; sender++)
    for (guint i = 0; i < G_N_ELEMENTS (marks); i++)
      for (guint is_bound = 0; is_bound < 2; is_bound++)
        {
          if ((sender == SENDER_PROXY && marks[i] == world->config->mark) || (is_bound && marks[i] != 0))
            continue;
          sample->has_socket = sender != SENDER_KERNEL;
          sample->gid = sender == SENDER_PROXY ? GROUP_ID : 1000;
          sample->mark = marks[i];
          sample->is_bound = is_bound;
          walk_states (world, sender, sample);
        }
}

static void
walk_transports (const World  *world,
                 DivertSample *sample)
{
  static const struct
  {
    guint8  protocol;
    guint16 sport, dport;
    guint8  icmp_type;
  } transports[] = {
    { IPPROTO_TCP, EPHEMERAL, 443, 0 },    { IPPROTO_TCP, EPHEMERAL, 53, 0 },     { IPPROTO_TCP, FIXED, 2049, 0 },
    { IPPROTO_TCP, 22, EPHEMERAL, 0 },     { IPPROTO_UDP, EPHEMERAL, 443, 0 },    { IPPROTO_UDP, EPHEMERAL, 53, 0 },
    { IPPROTO_UDP, FIXED, 111, 0 },        { IPPROTO_UDP, 5353, 5353, 0 },        { IPPROTO_UDP, 68, 67, 0 },
    { IPPROTO_UDP, 546, 547, 0 },          { IPPROTO_UDP, EPHEMERAL, 67, 0 },     { IPPROTO_ICMP, 0, 0, 8 },
    { IPPROTO_ICMP, 0, 0, 3 },             { IPPROTO_ICMPV6, 0, 0, 128 },         { IPPROTO_ICMPV6, 0, 0, 135 },
    { IPPROTO_ICMPV6, 0, 0, 136 },         { IPPROTO_UDPLITE, EPHEMERAL, 9, 0 },  { IPPROTO_SCTP, EPHEMERAL, 9, 0 },
    { IPPROTO_DCCP, EPHEMERAL, 9, 0 },     { IPPROTO_GRE, 0, 0, 0 },              { IPPROTO_ESP, 0, 0, 0 },
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
          plant (world, sample);
          walk_senders (world, sample);
        }
    }
}

/* Tries the address as everything that the kernel may take it for. DHCP and a router choose the subnet, and so decide
 * which of its addresses is the broadcast address. */
static void
walk_address (const World        *world,
              const DivertPrefix *address)
{
  static const struct
  {
    const char *sources[DIVERT_N_FAMILIES], *interface;
  } ways[] = {
    { { "192.168.22.33", "fd00:22::33" }, "wlan0" },
    { { "192.168.22.33", "fd00:22::33" }, "eth1" },
    { { "10.7.7.7", "2001:db8:b::1" }, "wlan0" },
    { { "192.168.22.33", "fd00:22::33" }, DIVERT_FENCE_DEVICE },
    /* While the device has no address.  Over IPv6 a socket goes on sending from one that is gone. */
    { { "0.0.0.0", "2001:db8:b::9" }, "wlan0" },
  };
  /* Without room for a mark, nothing passes the fence, whatever the rules say. */
  const gboolean is_fence = divert_prefixes_contain (world->intranets, address) &&
                            divert_ruleset_get_spare_mark (world->config) != 0;
  const gboolean is_multicast =
      address->family == DIVERT_FAMILY_IPV6 ? address->bytes[0] == 0xff : address->bytes[0] >> 4 == 14;
  const guint types[] = { is_multicast ? DIVERT_ADDRTYPE_MULTICAST : 0, DIVERT_ADDRTYPE_BROADCAST };

  for (guint i = 0; i < (address->family == DIVERT_FAMILY_IPV4 && !is_multicast ? 2 : 1); i++)
    for (guint j = 0; j < G_N_ELEMENTS (ways); j++)
      {
        DivertSample sample = { .has_source = TRUE, .destination = *address, .destination_type = types[i],
                                .source_type = DIVERT_ADDRTYPE_LOCAL, .interface = ways[j].interface };

        if (is_fenced (&sample) && !is_fence)
          continue;
        g_assert_true (divert_address_parse (ways[j].sources[address->family], &sample.source, NULL));
        if (g_str_equal (ways[j].sources[DIVERT_FAMILY_IPV4], "0.0.0.0"))
          sample.source_type = address->family == DIVERT_FAMILY_IPV4 ? DIVERT_ADDRTYPE_BROADCAST : 0;
        walk_transports (world, &sample);
      }
}

/* The next or the previous address. */
static gboolean
step (DivertPrefix *address,
      int           by)
{
  for (int i = divert_family_bytes (address->family) - 1; i >= 0; i--)
    {
      address->bytes[i] += by;
      if (address->bytes[i] != (by > 0 ? 0 : 255))
        return TRUE;
    }
  return FALSE;
}

/* Addresses in and around the prefix: the first, the last, the NAS, and the neighbours at both ends. */
static void
walk_prefix (const World        *world,
             const DivertPrefix *prefix)
{
  DivertPrefix first = divert_prefix_network (prefix), last, nas;

  first.length = divert_family_bits (prefix->family);
  last = first;
  for (guint bit = prefix->length; bit < first.length; bit++)
    last.bytes[bit / 8] |= 0x80 >> bit % 8;
  nas = first;
  nas.bytes[divert_family_bytes (prefix->family) - 1] |= 2;
  walk_address (world, &first);
  walk_address (world, &last);
  walk_address (world, &nas);
  if (step (&first, -1))
    walk_address (world, &first);
  if (step (&last, 1))
    walk_address (world, &last);
}

static void
walk_world (const char      *divert,
            DivertPlaceKind  place)
{
  static const char *const others[] = { "203.0.113.7", "10.9.9.9", "169.254.7.7", "224.0.0.251", "255.255.255.255",
                                        "2001:db8:77::7", "fe80::7", "ff02::fb", "fc00:9::9" };
  World *world = make_world (divert, place);
  const guint before = n_faults, walks = n_walks;

  for (guint i = 0; i < world->intranets->len; i++)
    walk_prefix (world, divert_prefixes_index (world->intranets, i));
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      DivertPrefix address;

      g_assert_true (divert_address_parse (others[i], &address, NULL));
      walk_address (world, &address);
    }
  g_test_message ("%s: %u walks, %u faults", divert_decision_get_place (world->decision), n_walks - walks,
                  n_faults - before);
  world_free (world);
}

static void
test_all (gconstpointer data)
{
  static const DivertPlaceKind places[] = { DIVERT_PLACE_AWAY, DIVERT_PLACE_SITE, DIVERT_PLACE_HELD };

  seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  n_faults = 0;
  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    walk_world (data, places[i]);
  g_hash_table_unref (seen);
  g_assert_cmpuint (n_faults, ==, 0);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/judging/usual", "", test_all);
  g_test_add_data_func ("/judging/no-dns-port", "dns-port=0\n", test_all);
  g_test_add_data_func ("/judging/intranet-other", "[divert]\nintranet-other=allow\n", test_all);
  g_test_add_data_func ("/judging/no-room-in-mask", "[divert]\nmark=16\nmask=16\n", test_all);
  return g_test_run ();
}
