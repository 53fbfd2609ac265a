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

/* The links (ifindex, guint) through which a site is proven at time @now (monotonic, µs).  What is seen
 * on them belongs to the site. */
void              divert_neighbours_trust (DivertNeighbours *neighbours, const GArray *ifindexes, gint64 now);
/* The current entry of a host that is not a gateway.  TRUE is a surprise: on a trusted link, a host that
 * this machine talks to shows an address that it has not shown before while the link was trusted. */
gboolean          divert_neighbours_see (DivertNeighbours *neighbours, const DivertNeighbour *neighbour, gint64 now);
/* Appends to @quiet what need not be heard (neighbour-filter.h) of the @max hosts that we heard of last:
 * whether they are in use.  Their entries must be looked at now and then instead. */
void              divert_neighbours_add_quiet (const DivertNeighbours *neighbours, GArray *quiet, guint max);

G_END_DECLS
