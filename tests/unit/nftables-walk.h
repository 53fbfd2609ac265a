/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A packet's path through our nftables table, expression by expression, as the kernel would take it. It is the
 * counterpart of core/ruleset/walk.h.
 */
#pragma once

#include "core/ruleset/walk.h"
#include "system/filter/nftables/nftables-table.h"

G_BEGIN_DECLS

typedef struct
{
  DivertPath           path;
  guint16              port;
  guint                steps;       /* rules that were looked at */
  gboolean             refused;     /* it went through the chain "refuse" */
} NftablesWay;

/* The packet is sent by this machine. @is_listening: the proxy listens. */
NftablesWay nftables_walk (const DivertNftTable *table, const DivertRouting *routing, DivertSample *sample,
                           gboolean is_listening);
/* The packet comes in for another machine. */
NftablesWay nftables_walk_forwarded (const DivertNftTable *table, DivertSample *sample);
/* The packet comes in. */
void        nftables_walk_arriving (const DivertNftTable *table, DivertSample *sample);

G_END_DECLS
