/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Flows that cross a change of place.
 */
#pragma once

#include "ending.h"

G_BEGIN_DECLS

typedef void (*DivertFlowsEnded) (gpointer user_data);

typedef struct DivertFlows DivertFlows;

/* @remembering_ms: how long divert_flows_remember() takes at most. */
DivertFlows *divert_flows_new (guint remembering_ms);
/* Flows that have not begun to end live on. */
void         divert_flows_free (DivertFlows *flows);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertFlows, divert_flows_free)

/* Call this before the first rules are written, or before changed ones are whole again.  It makes the rules leave alone
 * what a listener here has accepted so far (remembering.h). */
void         divert_flows_remember (DivertFlows *flows, const DivertConfig *config, const DivertPorts *ephemeral);
/* Call this as soon as something is closed.  It drops at once what went out by @before's exits and still waits for a
 * neighbour there, because that races with the next network.  A failure is logged. */
void         divert_flows_drop_waiting (DivertFlows *flows, const DivertDecision *before, const DivertDecision *now);
/* Call this after the writes.  It closes sockets and forgets connections that are now reached differently, so that
 * programs notice at once and reconnect.  It also ends what somebody in a network that was left had opened to us.  If
 * these are the first rules, or somebody had changed them, it ends all others that they would have judged as well.
 * Packets that wait for a neighbour are dropped at once; the rest ends a moment later, in another thread.  Failures are
 * logged.  Even then the rules are right for every packet, except for those that waited. */
void         divert_flows_end (DivertFlows *flows, const DivertConfig *config, const DivertCrossing *crossing,
                               guint32 gid);
/* Call this before a different mark is installed.  It forgets at once the connections that have any bit of @mask, the
 * old one. */
void         divert_flows_forget_mark (guint32 mask);
/* Calls @ended when everything has ended that had to end until now. */
void         divert_flows_await (DivertFlows *flows, DivertFlowsEnded ended, gpointer user_data);

G_END_DECLS
