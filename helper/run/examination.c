/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: how often anybody may make us read the whole packet filter.
 *
 * With many rules a survey takes many milliseconds, and anybody may ask for one.  So its result is given again until we
 * have rested from it.
 */
#include "examination.h"

#include "rest.h"
#include "system/survey/survey-read.h"

struct DivertExamination
{
  DivertDiagnosis *diagnosis; /* NULL: none yet */
  DivertRest       rest;      /* from it */
};

DivertExamination *
divert_examination_new (void)
{
  return g_new0 (DivertExamination, 1);
}

void
divert_examination_free (DivertExamination *examination)
{
  if (examination == NULL)
    return;
  divert_diagnosis_free (examination->diagnosis);
  g_free (examination);
}

static DivertDiagnosis *
look (const DivertSnapshot *snapshot)
{
  const DivertConfig *config = snapshot->config;
  g_autoptr(GArray) destinations = divert_diagnosis_list_destinations (config, snapshot->report->decision);
  g_autoptr(DivertSurvey) survey = divert_survey_read (config->mark, destinations);

  return divert_diagnosis_new (config, snapshot->report->backend, survey, snapshot->facts);
}

const DivertDiagnosis *
divert_examination_look (DivertExamination    *examination,
                         const DivertSnapshot *snapshot)
{
  const gint64 began = g_get_monotonic_time ();

  if (examination->diagnosis != NULL && !divert_rest_is_over (&examination->rest, began, 0))
    return examination->diagnosis;
  divert_diagnosis_free (examination->diagnosis);
  examination->diagnosis = look (snapshot);
  divert_rest_extend (&examination->rest, began, g_get_monotonic_time ());
  return examination->diagnosis;
}
