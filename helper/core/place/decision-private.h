/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by decision.c, decision-value.c and grant.c.
 */
#pragma once

#include "decision.h"

G_BEGIN_DECLS

/* A decision for away, without a reason yet. */
DivertDecision *divert_decision_new (void);
void            divert_reason_clear (DivertReason *reason);
/* Grants @site: fills in direct and exits from its proven candidates. */
void            divert_decision_grant (DivertDecision *decision, const DivertConfig *config, const DivertSite *site,
                                       const DivertFacts *facts);

G_END_DECLS
