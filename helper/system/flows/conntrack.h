/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Forgetting connections (ctnetlink): the entries that carry a
 * decision of the place that we have left, and stale DNS redirections, which
 * the kernel would go on applying to the same 5-tuple.
 */
#pragma once

#include "core/words/prefix.h"

G_BEGIN_DECLS

/* Which entries are stale; of their original tuples. */
typedef struct
{
  const GArray *to;   /* DivertPrefix: those to there, but not to this machine itself */
  gboolean      dns;  /* likewise those to port 53, TCP and UDP, any destination */
  const GArray *from; /* DivertPrefix: those that were opened from there, by others, and bear the mark; NULL: none */
  guint32       mark;
  guint32       mask; /* the mark's bits that count */
} DivertStale;

/* Deletes those that bear at least one of the mark's bits in @mask: within the kernel, without reading them.  A kernel
 * that knows no such filter forgets all. */
gboolean divert_conntrack_forget_marked (guint32 mask, GError **error);
/* Deletes them: reads the whole table, which may take seconds.  Returns how many.  No connection tracking in the
   kernel: none. */
gboolean divert_conntrack_forget (const DivertStale *stale, guint *ret_forgotten, GError **error);

G_END_DECLS
