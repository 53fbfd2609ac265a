/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: asking the kernel whether an ip rule that comes before ours takes what should go to the proxy.
 *
 * Ours come before all others, unless a rule comes before the one for the table "local" or has the same priority.  Only
 * then the kernel is asked.  Whether such a rule takes anything depends on the routes of its table.
 */
#include "overtaken.h"

#include "core/doctor/findings.h"
#include "core/place/problem.h"
#include "system/survey/survey-read.h"

static gboolean
is_possible (const DivertConfig   *config,
             const DivertDecision *decision,
             const DivertFacts    *facts)
{
  return decision->place != DIVERT_PLACE_OFF &&
         (facts->order[DIVERT_FAMILY_IPV4].ahead || (config->ipv6 && facts->order[DIVERT_FAMILY_IPV6].ahead));
}

static void
add_problem (GPtrArray           *problems,
             const DivertFinding *finding)
{
  const char *owner = *finding->owner != '\0' ? finding->owner : "another program";
  g_autofree char *detail = g_strdup_printf ("%s: '%s', %s", finding->where, finding->rule, owner);

  g_ptr_array_add (problems, divert_problem_new (DIVERT_PROBLEM_RULE, detail));
}

void
divert_overtaken_find (const DivertConfig   *config,
                       const DivertDecision *decision,
                       const DivertFacts    *facts,
                       GPtrArray            *problems)
{
  g_autoptr(GArray) destinations = NULL;
  g_autoptr(DivertSurvey) survey = NULL;
  g_autoptr(DivertDiagnosis) diagnosis = NULL;

  if (!is_possible (config, decision, facts))
    return;
  destinations = divert_diagnosis_list_destinations (config, decision);
  survey = divert_survey_read_routing (config->mark, destinations);
  diagnosis = divert_diagnosis_new (config, "", survey, NULL);
  for (guint i = 0; i < diagnosis->findings->len; i++)
    {
      const DivertFinding *finding = g_ptr_array_index (diagnosis->findings, i);

      if (finding->kind != DIVERT_FINDING_POLICY_TAKES)
        continue;
      add_problem (problems, finding);
      return;
    }
}
