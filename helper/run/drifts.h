/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Other programs change what is ours: when to look, and what is remembered of it.
 */
#pragma once

#include "system/base/look-again.h"
#include "system/base/touched.h"

G_BEGIN_DECLS

typedef struct DivertDrifts DivertDrifts;

/* All in µs. */
typedef struct
{
  gint64 quiet;    /* so long nobody is to be at work before there is a look … */
  gint64 patience; /* … but so long at most somebody is waited for */
  gint64 interval; /* between two looks without a reason, in turns of the main loop that others cause */
  gint64 idle;     /* likewise, if nobody causes any */
} DivertDriftTimes;

extern const DivertDriftTimes divert_drift_times;

/* What is not any more as we left it; to be had at little cost. */
typedef DivertParts (*DivertFindDrift) (gpointer user_data);

/* @look_again is called when @find has found something, and those who did it have been quiet for a moment. */
DivertDrifts *divert_drifts_new (const DivertDriftTimes *times, DivertFindDrift find, DivertLookAgain look_again,
                                 gpointer user_data);
void          divert_drifts_free (DivertDrifts *drifts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertDrifts, divert_drifts_free)

/* A DivertTouched; @user_data: DivertDrifts. */
void          divert_drifts_touch (const DivertProgram *program, gpointer user_data);
/* Who may have done what is found next; does not make anybody look. */
void          divert_drifts_suspect (DivertDrifts *drifts, const DivertProgram *program);
/* A run has found @parts changed (0: none).  @laid: all is there again.  Then it is remembered, and logged. */
void          divert_drifts_see (DivertDrifts *drifts, DivertParts parts, gboolean laid);

/* Of now. */
DivertDrift   divert_drifts_get (const DivertDrifts *drifts);

G_END_DECLS
