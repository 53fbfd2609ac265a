/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The beacons under test, and the sites whose beacons they are.
 */
#pragma once

#include "beacon-hosts.h"
#include "system/sources/beacon/beacon.h"

G_BEGIN_DECLS

#define MARK 0x100
/* For events that come by themselves.  A test that waits this long in vain has failed. */
#define PATIENCE_MS 30000
typedef struct
{
  DivertBeacons *beacons;
  guint          changes;
  guint          home;  /* ifindex */
  guint          evil;
  guint8         key[32];
  GPtrArray     *sites; /* all sites that were made */
} BeaconWorld;

extern BeaconWorld self;

/* Nothing happens by itself, and every server may take as long as a busy machine needs. */
extern const DivertBeaconLimits patient;

/* After start_hosts(). */
void set_up (void);
void tear_down (void);

/* Starts afresh.  Nothing has been asked. */
void use (DivertBeaconLimits limits);
DivertSite *make_site (const char *name, const char *address, guint16 port);
DivertFacts *gather (void);
gboolean is_decided (gpointer user_data);
void assert_answer (const DivertSite *site, guint ifindex, guint32 mark, const char *failure);
gboolean is_proven (void);

G_END_DECLS
