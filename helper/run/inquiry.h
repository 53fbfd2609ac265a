/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asking the network for the proofs that a decision lacks.  The answers are events, and show up in the facts of the
 * next run.
 */
#pragma once

#include "core/config/config.h"
#include "core/place/decision.h"
#include "system/sources/beacon/beacon.h"
#include "system/sources/kernel/kernel.h"

G_BEGIN_DECLS

/* Tells @kernel which routers the sites name, before it gathers. */
void divert_inquiry_name_routers (DivertKernel *kernel, const DivertConfig *config);
/* Asks for what @decision still waits for or was refused, and for what it rests on and has to renew.  Tells @kernel
 * which links are proven. */
void divert_inquiry_ask (DivertKernel *kernel, DivertBeacons *beacons, const DivertConfig *config,
                         const DivertFacts *facts, const DivertDecision *decision);
/* Ends the epoch of the links whose access point changed between @before (NULL: no facts yet) and @now.  Call it before
 * @kernel gathers; the links of @now are not needed. */
void divert_inquiry_follow_access_points (DivertKernel *kernel, const DivertFacts *before, const DivertFacts *now);
/* Forgets the beacons' answers for links that may have become a different network between @before (NULL: no facts yet)
 * and @now. */
void divert_inquiry_distrust (DivertBeacons *beacons, const DivertFacts *before, const DivertFacts *now);

G_END_DECLS
