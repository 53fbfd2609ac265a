/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands in our way: configuration, decision and survey → findings.  Pure.
 */
#pragma once

#include "finding.h"
#include "survey.h"

G_BEGIN_DECLS

/* The worst so many are kept, because they all go into one message. */
#define DIVERT_DIAGNOSIS_MAX_FINDINGS 256

typedef struct
{
  GPtrArray *findings; /* DivertFinding, worst first */
  guint64    steps;    /* how many rules were looked at, to show that this stays in proportion */
} DivertDiagnosis;

/* @backend: the name of the one that applies our rules; "" if none.  @facts: NULL if there are none yet. */
DivertDiagnosis *divert_diagnosis_new (const DivertConfig *config, const char *backend, const DivertSurvey *survey,
                                       const DivertFacts *facts);
void             divert_diagnosis_free (DivertDiagnosis *diagnosis);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertDiagnosis, divert_diagnosis_free)

/* To which addresses a packet with our mark must come back by lo (DivertPrefix): one of each intranet that is not
 * granted, and one of the internet. */
GArray          *divert_diagnosis_list_destinations (const DivertConfig *config, const DivertDecision *decision);

G_END_DECLS
