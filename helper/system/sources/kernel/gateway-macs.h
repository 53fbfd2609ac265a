/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The link-layer addresses that one gateway was seen with, and when.
 */
#pragma once

#include "core/words/mac.h"

G_BEGIN_DECLS

typedef struct
{
  DivertMac mac;
  gint64    seen; /* µs, monotonic */
} DivertSeenMac;

typedef enum
{
  DIVERT_MAC_KNOWN, /* it was in front already */
  DIVERT_MAC_FIRST, /* there was none */
  DIVERT_MAC_OTHER, /* there was another one in front */
} DivertMacNews;

/* An array of DivertSeenMac, the newest first; g_array_unref() it. */
GArray              *divert_macs_new (void);
const DivertSeenMac *divert_macs_index (const GArray *macs, guint i);

/* @mac was seen at @now, so it is in front. */
DivertMacNews        divert_macs_note (GArray *macs, const DivertMac *mac, gint64 now);
/* Forgets what was seen long ago, but never the newest: it is the gateway's until there is another one.  Returns
 * whether there was any. */
gboolean             divert_macs_drop_old (GArray *macs, gint64 now);
/* When there will be something to drop; G_MAXINT64: never. */
gint64               divert_macs_get_expiry (const GArray *macs);

G_END_DECLS
