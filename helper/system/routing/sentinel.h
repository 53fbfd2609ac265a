/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process of its own that ends the helper, and its grants, if the helper doesn't react to the loss of a link.  The
 * theory of operation is at the head of sentinel.c.
 */
#pragma once

#include "tripwire-link.h"

G_BEGIN_DECLS

typedef struct DivertSentinel DivertSentinel;

/* What the sentinel's process does when the helper did not react. */
typedef struct
{
  /* Before it kills the helper: begins with what has to wait for others, and doesn't wait.  @links: the indices of
   * those that were lost; they live on.  What it returns is for end(). */
  gpointer (*begin) (const guint *links, guint n_links);
  /* The helper (a pidfd) was killed: has to take back what it let go straight.  The tables of nftables are the helper's
   * until it has ended.  Returns the exit status. */
  int      (*end) (gpointer begun, int helper);
} DivertSentinelLast;

/* Forks, so call it before there is another thread. */
DivertSentinel *divert_sentinel_new (const DivertSentinelLast *last, GError **error);
/* Waits for the end of its process. */
void            divert_sentinel_free (DivertSentinel *sentinel);

/* It hangs up when its process has ended. */
int             divert_sentinel_get_fd (const DivertSentinel *sentinel);
/* From now on the helper has to react if one of @links (DivertLinkState) is lost that was as it says there: by another
 * call.  NULL: nothing rests on any link.  Accepts NULL as @sentinel. */
void            divert_sentinel_watch (DivertSentinel *sentinel, const GArray *links);
/* The helper knows of a loss, and is about to react.  It may take its time, but it must not be stopped meanwhile. */
void            divert_sentinel_tell_tripped (DivertSentinel *sentinel);

G_END_DECLS
