/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A packet's way through our table of nftables, expression by expression, as the kernel would take it: the counterpart
 * of core/ruleset/walk.h.
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

/* Sent by this machine; @is_listening: the proxy is. */
NftablesWay nftables_walk (const DivertNftTable *table, const DivertRouting *routing, DivertSample *sample,
                           gboolean is_listening);
/* It comes in. */
void        nftables_walk_arriving (const DivertNftTable *table, DivertSample *sample);

G_END_DECLS
