/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which of the kernel's notifications about neighbours nobody is woken for.
 */
#pragma once

#include "gateway-neighbour.h"

G_BEGIN_DECLS

/* The rest are heard. */
#define DIVERT_NEIGHBOUR_FILTER_MAX 16

/* From now on, socket @fd takes no notification that an entry is as it is in @quiet (DivertNeighbour), with
 * the same link-layer address and in one of the states there.  Nor does it take notifications of what @port,
 * a netlink socket of ours, did to an entry.  It takes everything else: another address, another state, an
 * entry that is deleted.  If @quiet is empty, it takes everything. */
void divert_neighbour_filter_set (int fd, guint32 port, const GArray *quiet);

G_END_DECLS
