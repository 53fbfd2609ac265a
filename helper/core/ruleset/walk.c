/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: walking a packet through a ruleset, hook by hook, as the kernel would.
 *
 * A ruleset has its rules in one list. A walker has them by family and chain, so a packet only meets the rules of
 * its family in the chains that it goes through. Without this the tests that walk all packets would take minutes.
 */
#include "walk.h"

#include <netinet/in.h>

/* No ruleset nests its chains this deeply; this ends a loop. */
#define MAX_DEPTH 64

typedef struct
{
  const DivertWalker  *walker;
  DivertSample        *sample;
  const char          *in_interface;
  const char          *out_interface;
  const DivertRule    *marked_by;  /* the last rule that set the packet's mark */
  const DivertRule    *decided_by; /* the last rule that ended our work */
} Walk;

typedef enum
{
  OUTCOME_NONE,   /* the end of a chain */
  OUTCOME_LEFT,
  OUTCOME_DROPPED,
  OUTCOME_STOLEN, /* TPROXY, REDIRECT: decided */
} Outcome;

static gboolean
match_mark (const DivertMarkMatch *match,
            guint32                mark)
{
  return !match->has || ((mark & match->mask) == match->value) != match->invert;
}

/* Without an entry there is nothing to compare, so even an inverted match fails. */
static gboolean
match_connmark (const DivertMarkMatch *match,
                const DivertSample    *sample)
{
  return !match->has || (sample->is_tracked && match_mark (match, sample->connmark));
}

static gboolean
match_interface (const char *wanted,
                 gboolean    invert,
                 const char *actual)
{
  return wanted[0] == '\0' || g_str_equal (wanted, actual) != invert;
}

static gboolean
match_protocol (guint               protocols,
                const DivertSample *sample)
{
  for (guint i = 0; protocols != 0 && i < DIVERT_N_PROTOCOLS; i++)
    if ((protocols & (1u << i)) != 0 && divert_protocol_number (1 << i, sample->destination.family) == sample->protocol)
      return TRUE;
  return protocols == 0;
}

static gboolean
match_prefixes (const GArray       *prefixes,
                gboolean            has_address,
                const DivertPrefix *address)
{
  return prefixes == NULL || (has_address && divert_prefixes_contain (prefixes, address));
}

/* IPv6's match requires all given types at once, and no address has two (K1.8). */
static gboolean
match_types (guint        wanted,
             guint        actual,
             DivertFamily family)
{
  if (wanted == 0)
    return TRUE;
  return family == DIVERT_FAMILY_IPV6 ? (actual & wanted) == wanted : (actual & wanted) != 0;
}

static gboolean
match_transport (const DivertRule   *rule,
                 const DivertSample *sample)
{
  if (!match_protocol (rule->protocols, sample))
    return FALSE;
  if ((rule->sport != 0 && rule->sport != sample->sport) || (rule->dport != 0 && rule->dport != sample->dport) ||
      (rule->dports != NULL && !divert_ports_contain (rule->dports, sample->dport)))
    return FALSE;
  if (rule->has_tcp_flags &&
      ((sample->tcp_flags & rule->tcp_flags_mask) == rule->tcp_flags_value) == rule->tcp_flags_invert)
    return FALSE;
  return rule->icmpv6_type == 0 || rule->icmpv6_type == sample->icmp_type;
}

static gboolean
match_socket (const DivertRule   *rule,
              const DivertSample *sample)
{
  if (rule->receiver != DIVERT_RECEIVER_ANY && rule->receiver > sample->receiver)
    return FALSE;
  if (rule->cgroup != 0 && (!sample->has_socket || sample->cgroup != rule->cgroup))
    return FALSE;
  return !rule->has_gid || (sample->has_socket && sample->gid == rule->gid);
}

static gboolean
match_mac (const DivertRule   *rule,
           const DivertSample *sample)
{
  return !rule->has_mac || (sample->has_mac && divert_mac_equal (&rule->mac, &sample->mac));
}

static gboolean
matches (const Walk       *walk,
         const DivertRule *rule)
{
  const DivertSample *sample = walk->sample;
  const DivertFamily family = sample->destination.family;

  /* What costs little comes first. */
  return match_mark (&rule->mark, sample->mark) && match_connmark (&rule->connmark, sample) &&
         match_socket (rule, sample) && match_types (rule->dst_types, sample->destination_type, family) &&
         match_types (rule->src_types, sample->source_type, family) && match_transport (rule, sample) &&
         match_interface (rule->in_interface, rule->in_invert, walk->in_interface) &&
         match_interface (rule->out_interface, rule->out_invert, walk->out_interface) && match_mac (rule, sample) &&
         match_prefixes (rule->sources, sample->has_source, &sample->source) &&
         match_prefixes (rule->destinations, TRUE, &sample->destination) != rule->destinations_invert;
}

static Outcome
walk_chain (Walk        *walk,
            DivertChain  chain,
            guint        depth)
{
  DivertSample *sample = walk->sample;
  const DivertFamily family = sample->destination.family;
  const guint *first = walk->walker->first[family];

  for (guint i = first[chain]; i < first[chain + 1] && depth < MAX_DEPTH; i++)
    {
      const DivertRule *rule = walk->walker->rules[family][i];
      Outcome outcome;

      if (!matches (walk, rule))
        continue;
      switch (rule->verdict)
        {
        case DIVERT_VERDICT_LEAVE:
          walk->decided_by = rule;
          return OUTCOME_LEFT;
        case DIVERT_VERDICT_DROP:
        case DIVERT_VERDICT_REFUSE:
          walk->decided_by = rule;
          return OUTCOME_DROPPED;
        case DIVERT_VERDICT_GOTO:
          return walk_chain (walk, rule->to, depth + 1);
        case DIVERT_VERDICT_JUMP:
          outcome = walk_chain (walk, rule->to, depth + 1);
          if (outcome != OUTCOME_NONE)
            return outcome;
          break;
        case DIVERT_VERDICT_MARK:
          sample->mark = (sample->mark & ~rule->mask) | rule->value;
          walk->marked_by = rule;
          break;
        case DIVERT_VERDICT_MARK_LEAVE:
          sample->mark = (sample->mark & ~rule->mask) | rule->value;
          walk->marked_by = walk->decided_by = rule;
          return OUTCOME_LEFT;
        case DIVERT_VERDICT_CONNMARK:
          if (sample->is_tracked)
            sample->connmark = (sample->connmark & ~rule->mask) | rule->value;
          break;
        case DIVERT_VERDICT_TPROXY:
        case DIVERT_VERDICT_REDIRECT:
          walk->decided_by = rule;
          return OUTCOME_STOLEN;
        default:
          g_assert_not_reached ();
        }
    }
  return OUTCOME_NONE;
}

static DivertExplanation
conclude (DivertPath        path,
          const DivertRule *rule,
          guint16           port)
{
  return (DivertExplanation){ .path = path, .rule = rule, .port = port };
}

/* The packet leaves by the wire.  @output: the rule that let it get this far. */
static DivertExplanation
leave (Walk             *walk,
       const DivertRule *output)
{
  if (walk_chain (walk, DIVERT_HOOK_GUARD, 0) == OUTCOME_DROPPED)
    return conclude (DIVERT_PATH_BLOCK, walk->decided_by, 0);
  return conclude (DIVERT_PATH_DIRECT, output, 0);
}

/* Is it redirected, be it to a closed port? */
static gboolean
redirects (Walk              *walk,
           DivertChain        hook,
           DivertExplanation *ret_explanation)
{
  switch (walk_chain (walk, hook, 0))
    {
    case OUTCOME_STOLEN:
      *ret_explanation = conclude (DIVERT_PATH_DNS, walk->decided_by, walk->decided_by->port);
      return TRUE;
    case OUTCOME_DROPPED:
      *ret_explanation = conclude (DIVERT_PATH_BLOCK, walk->decided_by, 0);
      return TRUE;
    default:
      return FALSE;
    }
}

static gboolean
has_our_mark (const Walk *walk)
{
  const DivertRouting *routing = &walk->walker->routing;

  return routing->families != DIVERT_FAMILIES_NONE && (walk->sample->mark & routing->mask) == routing->mark;
}

static gboolean
is_of_family (const DivertRule *rule,
              DivertFamily      family)
{
  return (rule->families & (1 << family)) != 0;
}

/* Within a chain they stay in order. */
static void
sort_rules (DivertWalker    *walker,
            DivertFamily     family,
            const GPtrArray *rules)
{
  guint *first = walker->first[family], next[DIVERT_N_CHAINS];

  for (guint i = 0; i < rules->len; i++)
    if (is_of_family (g_ptr_array_index (rules, i), family))
      first[((const DivertRule *) g_ptr_array_index (rules, i))->chain + 1]++;
  for (guint chain = 0; chain < DIVERT_N_CHAINS; chain++)
    {
      first[chain + 1] += first[chain];
      next[chain] = first[chain];
    }
  walker->rules[family] = g_new (const DivertRule *, rules->len);
  for (guint i = 0; i < rules->len; i++)
    {
      const DivertRule *rule = g_ptr_array_index (rules, i);

      if (is_of_family (rule, family))
        walker->rules[family][next[rule->chain]++] = rule;
    }
}

void
divert_walker_init (DivertWalker        *walker,
                    const DivertRuleset *ruleset)
{
  *walker = (DivertWalker){ .routing = ruleset->routing };
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    sort_rules (walker, family, ruleset->rules);
}

void
divert_walker_clear (DivertWalker *walker)
{
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    g_free (walker->rules[family]);
}

void
divert_walker_send (const DivertWalker *walker,
                    DivertSample       *sample,
                    DivertExplanation  *ret_explanation)
{
  Walk walk = { .walker = walker, .sample = sample, .in_interface = "" };
  const DivertRule *output;

  walk.out_interface = (sample->destination_type & DIVERT_ADDRTYPE_LOCAL) != 0 ? "lo" : sample->interface;
  if (walk_chain (&walk, DIVERT_HOOK_OUTPUT, 0) == OUTCOME_DROPPED)
    {
      *ret_explanation = conclude (DIVERT_PATH_BLOCK, walk.decided_by, 0);
      return;
    }
  output = walk.decided_by;

  if (sample->is_first && redirects (&walk, DIVERT_HOOK_DNS, ret_explanation))
    return;
  if (!has_our_mark (&walk) || sample->is_bound)
    {
      *ret_explanation = leave (&walk, output);
      return;
    }

  /* The ip rule sends it to lo, where it comes in again. */
  walk.in_interface = "lo";
  walk.out_interface = "";
  if (walk_chain (&walk, DIVERT_HOOK_DELIVER, 0) == OUTCOME_STOLEN)
    *ret_explanation = conclude (DIVERT_PATH_DIVERT, walk.marked_by, walk.decided_by->port);
  else
    *ret_explanation = conclude (DIVERT_PATH_BLOCK, walk.decided_by, 0);
}

void
divert_walker_forward (const DivertWalker *walker,
                       DivertSample       *sample,
                       DivertExplanation  *ret_explanation)
{
  Walk walk = { .walker = walker, .sample = sample, .in_interface = sample->interface, .out_interface = "" };

  if (sample->is_first && redirects (&walk, DIVERT_HOOK_LAN_DNS, ret_explanation))
    return;
  switch (walk_chain (&walk, DIVERT_HOOK_DELIVER, 0))
    {
    case OUTCOME_STOLEN:
      *ret_explanation = conclude (DIVERT_PATH_DIVERT, walk.marked_by, walk.decided_by->port);
      break;
    case OUTCOME_DROPPED:
      *ret_explanation = conclude (DIVERT_PATH_BLOCK, walk.decided_by, 0);
      break;
    default:
      walk.in_interface = "";
      walk.out_interface = sample->leaves_by;
      *ret_explanation = sample->leaves_by != NULL ? leave (&walk, walk.decided_by)
                                                   : conclude (DIVERT_PATH_DIRECT, walk.decided_by, 0);
    }
}

void
divert_walker_leave (const DivertWalker *walker,
                     DivertSample       *sample,
                     DivertExplanation  *ret_explanation)
{
  Walk walk = { .walker = walker, .sample = sample, .in_interface = "", .out_interface = sample->interface };
  const gboolean drops = walk_chain (&walk, DIVERT_HOOK_WIRE, 0) == OUTCOME_DROPPED;

  *ret_explanation = conclude (drops ? DIVERT_PATH_BLOCK : DIVERT_PATH_DIRECT, walk.decided_by, 0);
}

void
divert_walker_receive (const DivertWalker *walker,
                       DivertSample       *sample)
{
  Walk walk = { .walker = walker, .sample = sample, .in_interface = sample->interface, .out_interface = "" };

  walk_chain (&walk, DIVERT_HOOK_ARRIVE, 0);
}
