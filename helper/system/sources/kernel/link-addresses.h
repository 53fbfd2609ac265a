/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The addresses of each link, and when each one arrived.  Part of gateway.c.
 */
#pragma once

#include "core/facts/facts.h"

G_BEGIN_DECLS

typedef struct DivertLinkAddresses DivertLinkAddresses;

/* An address arrived on @ifindex that means another network (core/facts/addresses.h). */
typedef void (*DivertStrangeAddress) (guint ifindex, DivertFamily family, gpointer user_data);

DivertLinkAddresses *divert_link_addresses_new (void);
void                 divert_link_addresses_free (DivertLinkAddresses *addresses);

/* @links (DivertLink) are all links at time @now (monotonic, µs). */
void                 divert_link_addresses_see (DivertLinkAddresses *addresses, const GPtrArray *links, gint64 now,
                                                DivertStrangeAddress strange, gpointer user_data);
/* When the latest address of @ifindex arrived; 0 if it has none. */
gint64               divert_link_addresses_get_arrival (const DivertLinkAddresses *addresses, guint ifindex);
/* Fills in arrivals of @link. */
void                 divert_link_addresses_fill (const DivertLinkAddresses *addresses, DivertLink *link);

G_END_DECLS
