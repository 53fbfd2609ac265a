/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hosts on a proven link, and the link-layer addresses that they show.  Part of gateway.c.
 */
#pragma once

#include "gateway-neighbour.h"

G_BEGIN_DECLS

typedef struct DivertNeighbours DivertNeighbours;

DivertNeighbours *divert_neighbours_new (void);
void              divert_neighbours_free (DivertNeighbours *neighbours);

/* The links (ifindex, guint) through which a site is proven at time @now (monotonic, µs); what is
 * seen on them is the site's. */
void              divert_neighbours_trust (DivertNeighbours *neighbours, const GArray *ifindexes, gint64 now);
/* An entry as it is now, of no gateway.  TRUE: on a link that is trusted, a host that this machine is
 * talking to shows an address that it never showed while the link was. */
gboolean          divert_neighbours_see (DivertNeighbours *neighbours, const DivertNeighbour *neighbour, gint64 now);

G_END_DECLS
