/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the order in which the parts of a survey are read.  They need not be of one moment, because a person reads the
 * result.
 */
#include "survey-private.h"

DivertSurvey *
divert_survey_read_routing (guint32       mark,
                            const GArray *destinations)
{
  DivertSurvey *survey = divert_survey_new ();

  divert_survey_read_policies (survey);
  divert_survey_read_ways (survey, mark, destinations);
  return survey;
}

DivertSurvey *
divert_survey_read (guint32       mark,
                    const GArray *destinations)
{
  DivertSurvey *survey = divert_survey_read_routing (mark, destinations);

  divert_survey_read_tunnel (survey);
  divert_survey_read_nftables (survey);
  divert_survey_read_legacy (survey);
  return survey;
}
