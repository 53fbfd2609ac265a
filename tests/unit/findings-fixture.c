/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns: surveys for the tests of the findings, and the findings as text. */
#include "findings-fixture.h"
#include "values.h"

const char findings_config[] = "[proxy]\ngroup=1\n[site home]\nintranet=192.168.22.0/24;fd00:22::/64\nzone=home\n";

/* One finding a line: kind, where, rule, owner, command, count. */
static char *
findings_to_text (const DivertDiagnosis *diagnosis)
{
  g_autoptr(GString) text = g_string_new (NULL);

  for (guint i = 0; i < diagnosis->findings->len; i++)
    {
      const DivertFinding *finding = g_ptr_array_index (diagnosis->findings, i);

      g_string_append_printf (text, "%s|%s|%s|%s|%s|%u\n", divert_finding_kind_name (finding->kind), finding->where,
                              finding->rule, finding->owner, finding->command, finding->count);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

char *
diagnose (const DivertSurvey *survey,
          const char         *backend)
{
  g_autoptr(DivertConfig) config = test_config_new (findings_config);
  g_autoptr(DivertDiagnosis) diagnosis = divert_diagnosis_new (config, backend, survey, NULL);

  return findings_to_text (diagnosis);
}

void
assert_found (const DivertSurvey *survey,
              const char         *expected)
{
  g_autofree char *found = diagnose (survey, "iptables");

  g_assert_cmpstr (found, ==, expected);
}

guint
add_chain (DivertSurvey *survey,
           DivertWorld   world,
           const char   *table,
           const char   *name,
           DivertAt      at)
{
  const DivertSurveyChain chain = { .world = world, .families = DIVERT_FAMILIES_IPV4, .family = "ip", .table = table,
                                    .name = name, .at = at };

  divert_survey_add_chain (survey, &chain);
  return survey->chains->len - 1;
}

void
add_jump (DivertSurvey *survey,
          guint         chain,
          guint64       number,
          const char   *to)
{
  const DivertSurveyRule rule = { .chain = chain, .number = number, .effect = DIVERT_EFFECT_JUMP, .to = to };

  divert_survey_add_rule (survey, &rule);
}

void
add_effect (DivertSurvey *survey,
            guint         chain,
            guint64       number,
            DivertEffect  effect,
            guint32       value,
            guint32       mask,
            guint16       port)
{
  const DivertSurveyRule rule = { .chain = chain, .number = number, .effect = effect, .value = value, .mask = mask,
                                  .port = port };

  divert_survey_add_rule (survey, &rule);
}
