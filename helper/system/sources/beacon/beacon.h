/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Beacons: asks a host of a site, through one link, to prove its identity with its key.
 */
#pragma once

#include "core/config/config.h"
#include "core/facts/facts.h"
#include "system/base/look-again.h"

G_BEGIN_DECLS

typedef struct DivertBeacons DivertBeacons;

/* How long things take.  Tests use shorter times. */
typedef struct
{
  guint answer_ms;      /* without an answer by then, the beacon has failed */
  guint renewal_ms;     /* ask again this long after a good answer */
  guint slack_ms;       /* how much longer a good answer stays valid, so that the new one can arrive */
  guint retry_first_ms; /* ask again this long after a bad answer; doubles with each further one */
  guint retry_last_ms;  /* the maximum of that */
  guint in_a_row;       /* each question's allowance: this many at once */
  guint spacing_ms;     /* and then one per this time */
} DivertBeaconLimits;

#define DIVERT_BEACON_LIMITS \
  ((const DivertBeaconLimits){ .answer_ms = 2000, .renewal_ms = 60000, .slack_ms = 10000, .retry_first_ms = 2000, \
                               .retry_last_ms = 300000, .in_a_row = 10, .spacing_ms = 2000 })

/* @changed: an answer arrived, or it is time to ask again (some time after a good answer, later and later
 * after bad ones).  @limits are copied. */
DivertBeacons *divert_beacons_new (const DivertBeaconLimits *limits, DivertLookAgain changed, gpointer user_data);
void           divert_beacons_free (DivertBeacons *beacons);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertBeacons, divert_beacons_free)

/* Asks @site's beacon through link @ifindex, unless it is already being asked, has recently answered or
 * failed, or was asked too often.  Call it for as long as the answer is useful.  @mark (not 0) is set on
 * the packets; its bits are outside the configuration's mask, so that the rules leave the packets alone. */
void           divert_beacons_ask (DivertBeacons *beacons, const DivertSite *site, guint ifindex, guint32 mark);
/* Forgets the answers on link @ifindex (0: all links), so that everything must be proven again. */
void           divert_beacons_distrust (DivertBeacons *beacons, guint ifindex);
/* Forgets the questions for beacons that @config does not have, or has with other values. */
void           divert_beacons_keep (DivertBeacons *beacons, const DivertConfig *config);
/* Fills in beacons.  Call it after divert_kernel_gather(), because it forgets what was learned on links
 * that are gone. */
void           divert_beacons_gather (DivertBeacons *beacons, DivertFacts *facts);

G_END_DECLS
