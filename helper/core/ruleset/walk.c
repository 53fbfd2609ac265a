/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: walking a packet through a ruleset, hook by hook, as the kernel would.
 */
#include "walk.h"

#include <netinet/in.h>

/* No ruleset nests its chains this deeply; this ends a loop. */
#define MAX_DEPTH 64

typedef struct
{
  const DivertRuleset *ruleset;
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
  for (guint i = 0; i < DIVERT_N_PROTOCOLS; i++)
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
  return !rule->has_gid || (sample->has_socket && sample->gid == rule->gid);
}

static gboolean
matches (const Walk       *walk,
         const DivertRule *rule)
{
  const DivertSample *sample = walk->sample;
  const DivertFamily family = sample->destination.family;

  return (rule->families & (1 << family)) != 0 && match_transport (rule, sample) &&
         match_interface (rule->in_interface, rule->in_invert, walk->in_interface) &&
         match_interface (rule->out_interface, rule->out_invert, walk->out_interface) &&
         match_prefixes (rule->sources, sample->has_source, &sample->source) &&
         match_prefixes (rule->destinations, TRUE, &sample->destination) && match_mark (&rule->mark, sample->mark) &&
         match_connmark (&rule->connmark, sample) && match_socket (rule, sample) &&
         match_types (rule->dst_types, sample->destination_type, family) &&
         match_types (rule->src_types, sample->source_type, family);
}

static Outcome
walk_chain (Walk        *walk,
            DivertChain  chain,
            guint        depth)
{
  DivertSample *sample = walk->sample;

  for (guint i = 0; i < walk->ruleset->rules->len && depth < MAX_DEPTH; i++)
    {
      const DivertRule *rule = g_ptr_array_index (walk->ruleset->rules, i);
      Outcome outcome;

      if (rule->chain != chain || !matches (walk, rule))
        continue;
      switch (rule->verdict)
        {
        case DIVERT_VERDICT_LEAVE:
          walk->decided_by = rule;
          return OUTCOME_LEFT;
        case DIVERT_VERDICT_DROP:
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

static gboolean
has_our_mark (const Walk *walk)
{
  const DivertRouting *routing = &walk->ruleset->routing;

  return routing->families != DIVERT_FAMILIES_NONE && (walk->sample->mark & routing->mask) == routing->mark;
}

void
divert_walk (const DivertRuleset *ruleset,
             DivertSample        *sample,
             DivertExplanation   *ret_explanation)
{
  Walk walk = { .ruleset = ruleset, .sample = sample, .in_interface = "" };
  const DivertRule *output;

  walk.out_interface = (sample->destination_type & DIVERT_ADDRTYPE_LOCAL) != 0 ? "lo" : sample->interface;
  if (walk_chain (&walk, DIVERT_HOOK_OUTPUT, 0) == OUTCOME_DROPPED)
    {
      *ret_explanation = conclude (DIVERT_PATH_BLOCK, walk.decided_by, 0);
      return;
    }
  output = walk.decided_by;

  if (sample->is_first && walk_chain (&walk, DIVERT_HOOK_DNS, 0) == OUTCOME_STOLEN)
    {
      *ret_explanation = conclude (DIVERT_PATH_DNS, walk.decided_by, walk.decided_by->port);
      return;
    }
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
divert_walk_arriving (const DivertRuleset *ruleset,
                      DivertSample        *sample)
{
  Walk walk = { .ruleset = ruleset, .sample = sample, .in_interface = sample->interface, .out_interface = "" };

  walk_chain (&walk, DIVERT_HOOK_ARRIVE, 0);
}
