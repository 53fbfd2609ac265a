/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Watches the ports that the rules lead to: who listens there, and when that changes.
 */
#pragma once

#include "core/facts/facts.h"
#include "system/base/look-again.h"

G_BEGIN_DECLS

typedef struct DivertProxyWatch DivertProxyWatch;

/* How long after a change, and how often, it looks for what is missing. */
typedef struct
{
  guint quick_ms;   /* the interval for a TPROXY port, and for all after a change */
  guint slow_ms;    /* … and for a DNS port, because no rule depends on it */
  guint hopeful_ms; /* so long after a change */
  guint apart_ms;   /* it never looks twice within this time */
  guint asked_ms;   /* … nor, if nothing but a question makes it look, within this */
} DivertProxyPace;

extern const DivertProxyPace divert_proxy_pace;

/* @changed is called in the main loop.  NULL: the kernel tells nothing of sockets. */
DivertProxyWatch *divert_proxy_watch_new (const DivertProxyPace *pace, DivertLookAgain changed, gpointer user_data,
                                          GError **error);
/* Waits for the thread. */
void              divert_proxy_watch_free (DivertProxyWatch *watch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertProxyWatch, divert_proxy_watch_free)

/* From now on it watches the ports of @needed (DivertListening), for sockets of the group @gid; NULL: for none.
 * @unit: the path of the control group of the proxy's unit, whose sockets are the proxy's as well; NULL: none.
 * If the proxy is known by something else than before, nobody listens on its TPROXY ports until it has looked. */
void              divert_proxy_watch_set (DivertProxyWatch *watch, const GArray *needed, const guint32 *gid,
                                          GRefString *unit);
/* Adds what it has seen last to @facts, and has it look again, because the kernel doesn't tell who has come. */
void              divert_proxy_watch_gather (DivertProxyWatch *watch, DivertFacts *facts);
/* Was what it added last only said because it hadn't looked?  It will say that something has changed when it has. */
gboolean          divert_proxy_watch_has_guessed (const DivertProxyWatch *watch);

G_END_DECLS
