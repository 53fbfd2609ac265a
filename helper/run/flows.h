/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Flows that cross a change of place.
 */
#pragma once

#include "core/config/config.h"
#include "core/place/decision.h"

G_BEGIN_DECLS

typedef void (*DivertFlowsEnded) (gpointer user_data);

/* What was crossed. */
typedef struct
{
  const DivertDecision *before;    /* NULL: not known */
  const DivertDecision *now;
  const GArray         *former;    /* DivertPrefix: what auto6 has let go straight so far (auto6-memory.h) */
  gboolean              left;      /* some network was left, whether the place changed or not */
  gboolean              remarked;  /* the configured mark is another one */
  gboolean              first;     /* no rules of ours were there, and rules come now */
} DivertCrossing;

/* In front of the first rules: what a listener here has accepted so far is left alone by them.  A failure is logged. */
void         divert_flows_remember (const DivertConfig *config);

typedef struct DivertFlows DivertFlows;

DivertFlows *divert_flows_new (void);
/* What has not begun to end lives on. */
void         divert_flows_free (DivertFlows *flows);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertFlows, divert_flows_free)

/* Behind the writes: closes the sockets and forgets the connections whose way has changed, so that
 * programs notice at once and connect anew, and those that somebody of a network that was left had
 * opened to us.  Where the rules are the first, also all others that they would judge.  All but the packets that wait
 * for a neighbour end a moment later, in another thread.  Failures are logged: the rules are right without it, packet
 * by packet, but for these. */
void         divert_flows_end (DivertFlows *flows, const DivertConfig *config, const DivertCrossing *crossing,
                               guint32 gid);
/* Before another mark is laid: forgets at once what bears one of the bits of @mask, the old one. */
void         divert_flows_forget_mark (guint32 mask);
/* @ended is called when all has ended that was to end until now. */
void         divert_flows_await (DivertFlows *flows, DivertFlowsEnded ended, gpointer user_data);

G_END_DECLS
