/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which packets reach a chain of another program.
 */
#pragma once

#include "survey.h"

G_BEGIN_DECLS

/* Packets on their way, as bits. */
typedef enum
{
  DIVERT_REACH_OUTPUT = 1 << 0, /* this machine sends it */
  DIVERT_REACH_LO     = 1 << 1, /* it is to be diverted, bears our mark, and has come in from lo */
  DIVERT_REACH_WIRE   = 1 << 2, /* it comes in from elsewhere */
} DivertReach;

/* The DivertReach of each chain (guint8).  Each chain's rules are visited at most once for each bit, and the visits are
 * added to @steps. */
guint8 *divert_reach_new (const DivertSurvey *survey, const DivertMarkMatch *ours, guint64 *steps);

/* Those packets of @reach that may match @rule. */
guint   divert_reach_narrow (guint reach, const DivertSurveyRule *rule, const DivertMarkMatch *ours);
/* May a packet with our mark have a mark of @match? */
gboolean divert_reach_match_mark (const DivertMarkMatch *match, const DivertMarkMatch *ours);

G_END_DECLS
