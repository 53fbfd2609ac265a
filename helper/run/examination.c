/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: how often anybody may make us read the whole packet filter.
 *
 * With many rules a survey takes many milliseconds, and anybody may ask for one.  So its result is given again for
 * nineteen times as long as it took.  However often people ask, surveys then take a twentieth of a processor at most,
 * and with few rules nobody notices.
 */
#include "examination.h"

#include "system/survey/survey-read.h"

#define REST 19

struct DivertExamination
{
  DivertDiagnosis *diagnosis;  /* NULL: none yet */
  gint64           good_until; /* monotonic */
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

  return divert_diagnosis_new (config, snapshot->report->backend, survey);
}

const DivertDiagnosis *
divert_examination_look (DivertExamination    *examination,
                         const DivertSnapshot *snapshot)
{
  const gint64 began = g_get_monotonic_time ();
  gint64 ended;

  if (examination->diagnosis != NULL && began < examination->good_until)
    return examination->diagnosis;
  divert_diagnosis_free (examination->diagnosis);
  examination->diagnosis = look (snapshot);
  ended = g_get_monotonic_time ();
  examination->good_until = ended + REST * (ended - began);
  return examination->diagnosis;
}
