/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Link-layer (MAC-48) addresses: a site's gateway-mac and bssid, and what the kernel's neighbour
 * table and the access point report.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  guint8 bytes[6];
} DivertMac;

/* "AA:bb:…" (six pairs, separated by ':' or '-'), in either case.  Refuses group addresses and all zeros. */
gboolean divert_mac_parse (const char *text, DivertMac *ret_mac);
/* "aa:bb:cc:dd:ee:ff" */
char    *divert_mac_to_string (const DivertMac *mac);
gboolean divert_mac_equal (const DivertMac *a, const DivertMac *b);

/* Lists are GArray of DivertMac. */
gboolean divert_macs_contain (const GArray *macs, const DivertMac *mac);
gboolean divert_macs_equal (const GArray *a, const GArray *b);
/* "a;b" */
char    *divert_macs_to_string (const GArray *macs);

G_END_DECLS
