/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Beacons: asks a site's host, through one link, to prove itself by its key.
 */
#pragma once

#include "core/config/config.h"
#include "core/facts/facts.h"
#include "system/base/look-again.h"

G_BEGIN_DECLS

typedef struct DivertBeacons DivertBeacons;

/* How long an answer is good. */
#define DIVERT_BEACONS_RENEWAL_S 60

/* @changed: an answer came, or it is time to ask again: @renewal_s after a good one, later and
 * later after bad ones. */
DivertBeacons *divert_beacons_new (guint renewal_s, DivertLookAgain changed, gpointer user_data);
void           divert_beacons_free (DivertBeacons *beacons);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertBeacons, divert_beacons_free)

/* Asks @site's beacon through link @ifindex, unless it is asked already, has answered or failed of late, or was
 * asked too often: to be called as long as the answer is of use.  @mark (not 0) is
 * set on the packets: bits outside of the configuration's mask, so that the rules leave them alone. */
void           divert_beacons_ask (DivertBeacons *beacons, const DivertSite *site, guint ifindex, guint32 mark);
/* Forgets the answers of link @ifindex (0: of all), so that it must be proven again. */
void           divert_beacons_distrust (DivertBeacons *beacons, guint ifindex);
/* What is proven through it is to be proven again by the next divert_beacons_ask(), and counts until then. */
void           divert_beacons_renew (DivertBeacons *beacons, guint ifindex);
/* Forgets what was asked of beacons that @config does not have, or not so. */
void           divert_beacons_keep (DivertBeacons *beacons, const DivertConfig *config);
/* Fills beacons; call behind divert_kernel_gather(), because what was heard of links that are gone is forgotten. */
void           divert_beacons_gather (DivertBeacons *beacons, DivertFacts *facts);

G_END_DECLS
