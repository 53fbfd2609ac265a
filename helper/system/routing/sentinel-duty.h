/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the sentinel's process does.  Only for sentinel.c.
 */
#pragma once

#include "sentinel.h"

G_BEGIN_DECLS

#define DIVERT_SENTINEL_MAX_LINKS 16

/* What the helper sends.  A link that doesn't fit in isn't watched. */
typedef struct
{
  gboolean        tripped; /* then there are no links, and those of the last order stay */
  guint           n_links;
  DivertLinkState links[DIVERT_SENTINEL_MAX_LINKS];
} DivertSentinelOrder;

/* The bytes of an order for @n links. */
#define DIVERT_SENTINEL_ORDER_SIZE(n) (offsetof (DivertSentinelOrder, links) + (n) * sizeof (DivertLinkState))

/* Takes orders from @orders until the helper (@helper, a pidfd) has ended.  Returns the exit status, or doesn't. */
int divert_sentinel_serve (int orders, int helper, const DivertSentinelLast *last);

G_END_DECLS
