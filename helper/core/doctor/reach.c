/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: following the jumps of other people's chains.
 *
 * Theory of operation.  A rule is of interest only where our packets come by.  So begin at the base chains, and follow
 * each jump with the packets that may take it.  A chain is visited again only when more kinds of packets reach it.  A
 * map may lead to any chain of its table that is not a base chain.
 */
#include "reach.h"

#include <string.h>

typedef struct
{
  const DivertSurvey    *survey;
  const DivertMarkMatch *ours;
  guint8                *reach;
  guint8                *by_map; /* of the table that begins with this chain */
  guint                 *group;  /* the first chain of the same table */
  GArray                *queue;  /* guint: chains to visit */
  guint64               *steps;
} Walk;

static gboolean
is_same_table (const DivertSurveyChain *a,
               const DivertSurveyChain *b)
{
  /* The strings are those of one survey, so equal ones are the same. */
  return a->world == b->world && a->family == b->family && a->table == b->table;
}

static void
enter (Walk  *walk,
       guint  chain,
       guint  reach)
{
  if ((reach & ~walk->reach[chain]) == 0)
    return;
  walk->reach[chain] |= reach;
  g_array_append_val (walk->queue, chain);
}

/* "*" or "+" at the end stands for anything. */
static gboolean
may_be_lo (const char *name)
{
  const gsize length = strlen (name);

  if (length > 0 && (name[length - 1] == '*' || name[length - 1] == '+'))
    return strncmp (name, "lo", length - 1) == 0;
  return g_str_equal (name, "lo");
}

gboolean
divert_reach_match_mark (const DivertMarkMatch *match,
                         const DivertMarkMatch *ours)
{
  const guint32 common = match->mask & ours->mask;
  const gboolean agrees = (match->value & common) == (ours->value & common);

  if (!match->has)
    return TRUE;
  /* Bits that are not ours may be anything. */
  return match->invert ? !agrees || (match->mask & ~ours->mask) != 0 : agrees;
}

guint
divert_reach_narrow (guint                   reach,
                     const DivertSurveyRule *rule,
                     const DivertMarkMatch  *ours)
{
  const gboolean has_in = rule->in_interface[0] != '\0';

  if ((has_in && may_be_lo (rule->in_interface) == rule->in_invert) ||
      !divert_reach_match_mark (&rule->mark_match, ours))
    reach &= ~DIVERT_REACH_LO;
  if (has_in && !rule->in_invert && g_str_equal (rule->in_interface, "lo"))
    reach &= ~DIVERT_REACH_WIRE;
  if (!rule->out_invert && g_str_equal (rule->out_interface, "lo"))
    reach &= ~DIVERT_REACH_OUTPUT;
  return reach;
}

static void
enter_by_map (Walk  *walk,
              guint  from,
              guint  reach)
{
  const guint group = walk->group[from];

  if ((reach & ~walk->by_map[group]) == 0)
    return;
  walk->by_map[group] |= reach;
  for (guint i = group; i < walk->survey->chains->len && walk->group[i] == group; i++)
    {
      (*walk->steps)++;
      if (divert_survey_get_chain (walk->survey, i)->at == DIVERT_AT_NOWHERE)
        enter (walk, i, reach);
    }
}

static void
visit (Walk  *walk,
       guint  i)
{
  const DivertSurveyChain *chain = divert_survey_get_chain (walk->survey, i);

  for (guint j = chain->first; j < chain->first + chain->n_rules; j++)
    {
      const DivertSurveyRule *rule = divert_survey_get_rule (walk->survey, j);
      int to;

      (*walk->steps)++;
      if (rule->effect == DIVERT_EFFECT_MAP)
        enter_by_map (walk, i, divert_reach_narrow (walk->reach[i], rule, walk->ours));
      if (rule->effect != DIVERT_EFFECT_JUMP)
        continue;
      to = divert_survey_find_chain (walk->survey, chain->world, chain->family, chain->table, rule->to);
      if (to >= 0)
        enter (walk, to, divert_reach_narrow (walk->reach[i], rule, walk->ours));
    }
}

static void
begin (Walk *walk)
{
  for (guint i = 0; i < walk->survey->chains->len; i++)
    {
      const DivertSurveyChain *chain = divert_survey_get_chain (walk->survey, i);

      walk->group[i] = i > 0 && is_same_table (divert_survey_get_chain (walk->survey, i - 1), chain)
                         ? walk->group[i - 1] : i;
      if (chain->at == DIVERT_AT_OUTPUT)
        enter (walk, i, DIVERT_REACH_OUTPUT);
      else if (chain->at == DIVERT_AT_PREROUTING)
        enter (walk, i, DIVERT_REACH_LO | DIVERT_REACH_WIRE);
    }
}

guint8 *
divert_reach_new (const DivertSurvey    *survey,
                  const DivertMarkMatch *ours,
                  guint64               *steps)
{
  const guint n = survey->chains->len;
  g_autofree guint *group = g_new0 (guint, n + 1);
  g_autofree guint8 *by_map = g_new0 (guint8, n + 1);
  g_autoptr(GArray) queue = g_array_new (FALSE, FALSE, sizeof (guint));
  Walk walk = { survey, ours, g_new0 (guint8, n + 1), by_map, group, queue, steps };

  begin (&walk);
  while (queue->len > 0)
    {
      const guint chain = g_array_index (queue, guint, queue->len - 1);

      g_array_set_size (queue, queue->len - 1);
      visit (&walk, chain);
    }
  return walk.reach;
}
