/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between decision.c and decision-value.c.
 */
#pragma once

#include "decision.h"

G_BEGIN_DECLS

/* Away, with no reason yet. */
DivertDecision *divert_decision_new (void);
void            divert_reason_clear (DivertReason *reason);

G_END_DECLS
