/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The own LANs: networks of containers, virtual machines or a hotspot's guests, whose traffic this
 * machine forwards.
 */
#pragma once

#include "core/config/config.h"
#include "core/place/decision.h"

G_BEGIN_DECLS

typedef struct
{
  char   *name;      /* of its device */
  GArray *prefixes;  /* DivertPrefix: the networks of the device's addresses; sorted, without overlaps; not empty */
} DivertLan;

/* Sorted by name; empty with forward=none.  @facts may be NULL: none is known. */
GPtrArray *divert_lans_collect (const DivertConfig *config, const DivertDecision *decision, const DivertFacts *facts);

/* Whatever forward= says: is there nothing but this machine's own behind the device, such as containers? */
gboolean   divert_lans_is_inner (const DivertConfig *config, const DivertDecision *decision, const DivertFacts *facts,
                                 const DivertLink *link);
/* The names of such devices behind which there may be a part of @intranets, or bridged frames to it. */
GPtrArray *divert_lans_list_inner (const DivertConfig *config, const DivertDecision *decision,
                                   const DivertFacts *facts, const GArray *intranets);

/* The networks of them all; a new list of DivertPrefix. */
GArray    *divert_lans_list_networks (const DivertConfig *config, const DivertDecision *decision,
                                      const DivertFacts *facts);

G_END_DECLS
