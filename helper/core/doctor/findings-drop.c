/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: which chains keep the proxy's packets from it.
 *
 * Theory of operation.  A diverted packet comes in from lo with our mark and a stranger's address.  Most firewalls
 * accept everything from lo, and some forget to.  So send an imaginary packet through each base chain that it passes.
 * A rule with a condition that we cannot judge doesn't match it, unless that condition may be about lo: it is better to
 * miss a drop than to invent one.  A chain always does the same with this packet, so it is walked only once.
 */
#include "findings-private.h"

#include "owner.h"
#include "reach.h"

typedef enum
{
  FATE_UNKNOWN,
  FATE_WALKING,  /* a chain that leads to itself, which the kernel refuses */
  FATE_GOES_ON,
  FATE_RETURNS,
  FATE_ACCEPTED,
  FATE_DROPPED,
} Fate;

/* What becomes of the packet in a chain, and by which rule, if it is dropped. */
typedef struct
{
  Fate  fate;
  guint rule;
} End;

typedef struct
{
  DivertDiagnosis    *diagnosis;
  const DivertSurvey *survey;
  DivertMarkMatch     ours;
  End                *ends; /* of each chain */
} Walk;

/* This goes as deep as the kernel lets chains jump. */
static End walk_chain (Walk *walk, guint i);

/* The packet's mark has our bits, and no others. */
static gboolean
is_met (const Walk             *walk,
        const DivertSurveyRule *rule)
{
  const DivertMarkMatch *mark = &rule->mark_match;
  const gboolean agrees = (walk->ours.value & mark->mask) == mark->value;

  return divert_reach_narrow (DIVERT_REACH_LO, rule, &walk->ours) != 0 && rule->out_interface[0] == '\0' &&
         (!mark->has || agrees != mark->invert);
}

static gboolean
is_certain (const DivertSurveyRule *rule)
{
  return !rule->has_more && !rule->reverse_path && rule->protocol == 0;
}

static const End goes_on = { FATE_GOES_ON, 0 }, accepted = { FATE_ACCEPTED, 0 };

static End
jump (Walk                    *walk,
      const DivertSurveyChain *chain,
      const DivertSurveyRule  *rule)
{
  const int to = divert_survey_find_chain (walk->survey, chain->world, chain->family, chain->table, rule->to);
  const End end = to >= 0 ? walk_chain (walk, to) : goes_on;

  return is_certain (rule) || end.fate == FATE_ACCEPTED ? end : goes_on;
}

static End
meet (Walk                    *walk,
      const DivertSurveyChain *chain,
      guint                    i)
{
  const DivertSurveyRule *rule = divert_survey_get_rule (walk->survey, i);

  if (!is_met (walk, rule))
    return goes_on;
  switch (rule->effect)
    {
    case DIVERT_EFFECT_JUMP:
      return jump (walk, chain, rule);
    case DIVERT_EFFECT_RETURN:
      return (End) { FATE_RETURNS, i };
    case DIVERT_EFFECT_MAP:
      return accepted; /* for all we know */
    case DIVERT_EFFECT_ACCEPT:
      return is_certain (rule) || rule->device_set || rule->in_interface[0] != '\0' || rule->mark_match.has
               ? accepted : goes_on;
    case DIVERT_EFFECT_DROP:
      return is_certain (rule) ? (End) { FATE_DROPPED, i } : goes_on;
    default:
      return goes_on;
    }
}

static End
walk_chain (Walk  *walk,
            guint  i)
{
  const DivertSurveyChain *chain = divert_survey_get_chain (walk->survey, i);
  End end = goes_on;

  if (walk->ends[i].fate != FATE_UNKNOWN)
    return walk->ends[i].fate == FATE_WALKING ? goes_on : walk->ends[i];
  walk->ends[i].fate = FATE_WALKING;
  for (guint j = chain->first; end.fate == FATE_GOES_ON && j < chain->first + chain->n_rules; j++)
    {
      walk->diagnosis->steps++;
      end = meet (walk, chain, j);
    }
  /* In the chain that jumped here, it goes on. */
  walk->ends[i] = end.fate == FATE_RETURNS ? goes_on : end;
  return walk->ends[i];
}

static char *
make_command (const DivertSurveyChain *chain)
{
  g_autofree char *table = divert_diagnosis_quote (chain->table), *name = divert_diagnosis_quote (chain->name);

  if (chain->world == DIVERT_WORLD_NFTABLES)
    return g_strdup_printf ("sudo nft insert rule %s %s %s iifname lo accept", chain->family, table, name);
  return g_strdup_printf ("sudo %s -t %s -I %s -i lo -j ACCEPT",
                          chain->families == DIVERT_FAMILIES_IPV6 ? "ip6tables-legacy" : "iptables-legacy", table,
                          name);
}

static void
see_base_chain (Walk  *walk,
                guint  i)
{
  const DivertSurveyChain *chain = divert_survey_get_chain (walk->survey, i);
  const End end = walk_chain (walk, i);
  char *shown;

  if (end.fate == FATE_ACCEPTED || (end.fate == FATE_GOES_ON && !chain->drops))
    return;
  if (end.fate == FATE_DROPPED)
    shown = divert_survey_rule_to_text (walk->survey, divert_survey_get_rule (walk->survey, end.rule));
  else
    shown = g_strdup (chain->world == DIVERT_WORLD_NFTABLES ? "policy drop" : "policy DROP");
  g_ptr_array_add (walk->diagnosis->findings,
                   divert_finding_new (DIVERT_FINDING_DROPPED, divert_survey_chain_to_text (chain), shown,
                                       divert_owner_of_chain (chain), make_command (chain)));
}

void
divert_diagnosis_see_drops (DivertDiagnosis    *diagnosis,
                            const DivertConfig *config,
                            const DivertSurvey *survey)
{
  g_autofree End *ends = g_new0 (End, survey->chains->len + 1);
  Walk walk = { diagnosis, survey, { TRUE, FALSE, config->mark, config->mask }, ends };

  for (guint i = 0; i < survey->chains->len; i++)
    {
      const DivertSurveyChain *chain = divert_survey_get_chain (survey, i);

      if (!chain->ours && (chain->at == DIVERT_AT_INPUT || chain->at == DIVERT_AT_PREROUTING) &&
          (config->ipv6 || chain->families != DIVERT_FAMILIES_IPV6))
        see_base_chain (&walk, i);
    }
}
