/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands in our way, as people ask for it.
 */
#pragma once

#include "core/doctor/findings.h"
#include "snapshot.h"

G_BEGIN_DECLS

typedef struct DivertExamination DivertExamination;

/* Reads nothing yet. */
DivertExamination     *divert_examination_new (void);
void                   divert_examination_free (DivertExamination *examination);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertExamination, divert_examination_free)

/* Looks at the kernel, and at @snapshot, which has a report.  Call it in the callers' thread.  The result belongs to
 * @examination until the next call. */
const DivertDiagnosis *divert_examination_look (DivertExamination *examination, const DivertSnapshot *snapshot);

G_END_DECLS
