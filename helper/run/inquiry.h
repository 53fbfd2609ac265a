/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asking the network for the proofs that a decision lacks.  The answers are events, and show in the
 * facts of the next run.
 */
#pragma once

#include "core/config/config.h"
#include "core/place/decision.h"
#include "system/sources/beacon/beacon.h"
#include "system/sources/kernel/kernel.h"

G_BEGIN_DECLS

/* Asks for what @decision still waits for, or was refused, and for what it stands on and must be
 * renewed.  Tells @kernel which links are proven. */
void divert_inquiry_ask (DivertKernel *kernel, DivertBeacons *beacons, const DivertConfig *config,
                         const DivertFacts *facts, const DivertDecision *decision);
/* Has the beacons renewed of the links that changed their access point from @before (NULL: no facts
 * yet) to @now, of which the links are not needed. */
void divert_inquiry_follow_access_points (DivertBeacons *beacons, const DivertFacts *before, const DivertFacts *now);
/* Forgets the beacons' answers of links that may have become another network from @before (NULL: no
 * facts yet) to @now. */
void divert_inquiry_distrust (DivertBeacons *beacons, const DivertFacts *before, const DivertFacts *now);

G_END_DECLS
