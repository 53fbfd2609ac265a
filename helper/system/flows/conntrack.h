/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Forgets connections (ctnetlink): entries that carry a decision made in the place that we have
 * left, and stale DNS redirections, which the kernel would go on applying to the same 5-tuple.
 */
#pragma once

#include "core/words/prefix.h"

G_BEGIN_DECLS

/* Which entries are stale, by their original tuples. */
typedef struct
{
  const GArray *to;   /* DivertPrefix: connections to these, but not to this machine itself */
  const GArray *lans; /* DivertPrefix: connections from these, but not to this machine itself; NULL: none */
  gboolean      dns;  /* also connections to port 53 (TCP and UDP) on any address but this machine's */
  const GArray *from; /* DivertPrefix: connections that others opened from these and that have the mark; NULL: none */
  guint32       mark;
  guint32       mask; /* the bits of the mark that matter */
  guint32       diverted; /* also connections with this mark, but not to this machine itself; 0: none */
  const GArray *among;    /* DivertPrefix: of those, only connections to these; NULL: to anywhere */
  gboolean      datagrams; /* … and all of UDP */
} DivertStale;

/* Deletes the entries whose mark has at least one bit in @mask, within the kernel and without reading
 * them.  A kernel without that filter forgets everything. */
gboolean divert_conntrack_forget_marked (guint32 mask, GError **error);
/* Deletes the stale entries.  Reads the whole table, which may take seconds.  @ret_forgotten: how many; 0
 * if the kernel has no connection tracking. */
gboolean divert_conntrack_forget (const DivertStale *stale, guint *ret_forgotten, GError **error);

G_END_DECLS
