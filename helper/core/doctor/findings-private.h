/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of a diagnosis.  Each adds its findings in the order in which the kernel has the rules.
 */
#pragma once

#include "findings.h"

G_BEGIN_DECLS

void divert_diagnosis_see_policies (DivertDiagnosis *diagnosis, const DivertConfig *config, const DivertSurvey *survey);
void divert_diagnosis_see_filters (DivertDiagnosis *diagnosis, const DivertConfig *config, const char *backend,
                                   const DivertSurvey *survey);
void divert_diagnosis_see_drops (DivertDiagnosis *diagnosis, const DivertConfig *config, const DivertSurvey *survey);

/* A name that a person may have to type, in a command; free it.  Anything can be in it. */
char *divert_diagnosis_quote (const char *name);

G_END_DECLS
