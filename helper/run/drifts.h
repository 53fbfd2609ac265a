/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Other programs change our rules: when to look, and what is remembered about it.
 */
#pragma once

#include "system/base/look-again.h"
#include "system/base/touched.h"

G_BEGIN_DECLS

typedef struct DivertDrifts DivertDrifts;

/* All in µs. */
typedef struct
{
  gint64 quiet;    /* we look after nobody has been at work for this long … */
  gint64 patience; /* … but we wait for them at most this long */
  gint64 interval; /* between two looks without a sign, in turns of the main loop that something else causes */
  gint64 idle;     /* the same if nothing causes any */
} DivertDriftTimes;

extern const DivertDriftTimes divert_drift_times;

/* Returns what is no longer as we left it.  This must be cheap. */
typedef DivertParts (*DivertFindDrift) (gpointer user_data);

/* Calls @look_again when @find has found something, and those who did it have been quiet for a moment. */
DivertDrifts *divert_drifts_new (const DivertDriftTimes *times, DivertFindDrift find, DivertLookAgain look_again,
                                 gpointer user_data);
void          divert_drifts_free (DivertDrifts *drifts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertDrifts, divert_drifts_free)

/* A DivertTouched.  @user_data is a DivertDrifts. */
void          divert_drifts_touch (const DivertProgram *program, gpointer user_data);
/* @program may have caused what is found next.  This doesn't make anybody look. */
void          divert_drifts_suspect (DivertDrifts *drifts, const DivertProgram *program);
/* So may the program whose netlink socket has @port. */
void          divert_drifts_suspect_port (DivertDrifts *drifts, guint32 port);
/* A run has found @parts changed (0: none).  If @laid, everything is in place again, and the change is remembered and
 * logged. */
void          divert_drifts_see (DivertDrifts *drifts, DivertParts parts, gboolean laid);

/* Is there any sign of a change that no run has seen to yet? */
gboolean      divert_drifts_suspects (const DivertDrifts *drifts);

/* The changes so far. */
DivertDrift   divert_drifts_get (const DivertDrifts *drifts);

G_END_DECLS
