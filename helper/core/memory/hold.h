/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hold: what happens to a grant that is in doubt for a moment.
 */
#pragma once

#include "core/place/decision.h"

G_BEGIN_DECLS

typedef struct DivertHold DivertHold;

DivertHold *divert_hold_new (void);
void        divert_hold_free (DivertHold *hold);

/* If @decision takes an earlier grant away because of a doubt that may pass, turns it into
 * DIVERT_PLACE_HELD with the site's prefixes and exits.  Returns how long it may stay held (monotonic
 * time, µs); 0 if nothing is held. */
gint64      divert_hold_apply (const DivertHold *hold, const DivertFacts *facts, DivertDecision *decision, gint64 now);
/* @decision, which was made from @facts, is now in effect. */
void        divert_hold_learn (DivertHold *hold, const DivertFacts *facts, const DivertDecision *decision, gint64 now);

G_END_DECLS
