/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the survey as a value: what it holds, and its limits.
 */
#include "survey.h"

#include <string.h>

DivertSurvey *
divert_survey_new (void)
{
  DivertSurvey *survey = g_new0 (DivertSurvey, 1);

  survey->policies = g_array_new (FALSE, FALSE, sizeof (DivertPolicy));
  survey->tunnel.past = divert_prefixes_new ();
  survey->ways = g_array_new (FALSE, FALSE, sizeof (DivertWay));
  survey->chains = g_array_new (FALSE, FALSE, sizeof (DivertSurveyChain));
  survey->rules = g_array_new (FALSE, FALSE, sizeof (DivertSurveyRule));
  survey->names = g_string_chunk_new (1024);
  survey->index = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return survey;
}

void
divert_survey_free (DivertSurvey *survey)
{
  if (survey == NULL)
    return;
  g_array_unref (survey->policies);
  g_array_unref (survey->ways);
  g_array_unref (survey->tunnel.past);
  g_array_unref (survey->chains);
  g_array_unref (survey->rules);
  g_string_chunk_free (survey->names);
  g_hash_table_unref (survey->index);
  g_free (survey);
}

void
divert_survey_add_policy (DivertSurvey       *survey,
                          const DivertPolicy *policy)
{
  if (survey->policies->len < DIVERT_SURVEY_MAX_POLICIES)
    g_array_append_val (survey->policies, *policy);
  else
    survey->cut |= 1u << DIVERT_SOURCE_POLICIES;
}

void
divert_survey_add_way (DivertSurvey    *survey,
                       const DivertWay *way)
{
  g_array_append_val (survey->ways, *way);
}

static guint
source_of (DivertWorld world)
{
  return 1u << (world == DIVERT_WORLD_NFTABLES ? DIVERT_SOURCE_NFTABLES : DIVERT_SOURCE_LEGACY);
}

/* No family has a line end in its name, and a length says where the table's name ends. */
static char *
make_key (DivertWorld  world,
          const char  *family,
          const char  *table,
          const char  *name)
{
  return g_strdup_printf ("%d %s\n%zu %s %s", world, family, strlen (table), table, name);
}

void
divert_survey_add_chain (DivertSurvey            *survey,
                         const DivertSurveyChain *chain)
{
  DivertSurveyChain copy = *chain;

  if (survey->chains->len >= DIVERT_SURVEY_MAX_CHAINS)
    {
      survey->cut |= source_of (chain->world);
      return;
    }
  copy.family = g_string_chunk_insert_const (survey->names, chain->family);
  copy.table = g_string_chunk_insert_const (survey->names, chain->table);
  copy.name = g_string_chunk_insert_const (survey->names, chain->name);
  copy.first = copy.n_rules = 0;
  g_hash_table_insert (survey->index, make_key (chain->world, chain->family, chain->table, chain->name),
                       GUINT_TO_POINTER (survey->chains->len + 1));
  g_array_append_val (survey->chains, copy);
}

int
divert_survey_find_chain (const DivertSurvey *survey,
                          DivertWorld         world,
                          const char         *family,
                          const char         *table,
                          const char         *name)
{
  g_autofree char *key = make_key (world, family, table, name);

  return (int) GPOINTER_TO_UINT (g_hash_table_lookup (survey->index, key)) - 1;
}

void
divert_survey_add_rule (DivertSurvey           *survey,
                        const DivertSurveyRule *rule)
{
  DivertSurveyChain *chain = &g_array_index (survey->chains, DivertSurveyChain, rule->chain);
  DivertSurveyRule copy = *rule;

  if (survey->rules->len >= DIVERT_SURVEY_MAX_RULES)
    {
      survey->cut |= source_of (chain->world);
      return;
    }
  if (chain->n_rules == 0)
    chain->first = survey->rules->len;
  g_assert (chain->first + chain->n_rules == survey->rules->len);
  chain->n_rules++;
  copy.to = rule->to != NULL ? g_string_chunk_insert_const (survey->names, rule->to) : NULL;
  g_array_append_val (survey->rules, copy);
}

const DivertPolicy *
divert_survey_get_policy (const DivertSurvey *survey,
                          guint               i)
{
  return &g_array_index (survey->policies, DivertPolicy, i);
}

const DivertSurveyChain *
divert_survey_get_chain (const DivertSurvey *survey,
                         guint               i)
{
  return &g_array_index (survey->chains, DivertSurveyChain, i);
}

const DivertSurveyRule *
divert_survey_get_rule (const DivertSurvey *survey,
                        guint               i)
{
  return &g_array_index (survey->rules, DivertSurveyRule, i);
}

const char *
divert_source_name (DivertSource source)
{
  static const char *const names[] = {
    [DIVERT_SOURCE_POLICIES] = "policies",
    [DIVERT_SOURCE_NFTABLES] = "nftables",
    [DIVERT_SOURCE_LEGACY] = "legacy",
  };

  G_STATIC_ASSERT (G_N_ELEMENTS (names) == DIVERT_N_SOURCES);
  return names[source];
}
