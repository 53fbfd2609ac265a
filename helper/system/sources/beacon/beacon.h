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

typedef void (*DivertBeaconsChanged) (gpointer user_data);

/* How long things take.  Tests have shorter ones. */
typedef struct
{
  guint answer_ms;      /* a beacon that has not answered by then has failed */
  guint renewal_ms;     /* a good answer is asked for again after this, */
  guint slack_ms;       /* and holds this much longer, for the new one to come */
  guint retry_first_ms; /* a bad one, after this, which doubles with each further one, */
  guint retry_last_ms;  /* up to this */
  guint in_a_row;       /* the allowance of each question: so many at once, */
  guint spacing_ms;     /* and then one in so long */
} DivertBeaconLimits;

#define DIVERT_BEACON_LIMITS \
  ((const DivertBeaconLimits){ .answer_ms = 2000, .renewal_ms = 60000, .slack_ms = 10000, .retry_first_ms = 2000, \
                               .retry_last_ms = 300000, .in_a_row = 10, .spacing_ms = 2000 })

/* @changed: an answer came, or it is time to ask again: some time after a good one, later and
 * later after bad ones.  @limits are copied. */
DivertBeacons *divert_beacons_new (const DivertBeaconLimits *limits, DivertBeaconsChanged changed, gpointer user_data);
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
