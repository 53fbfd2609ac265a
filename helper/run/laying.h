/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a decision to the kernel: makes the ruleset, applies it, and tries again later if that failed.
 */
#pragma once

#include <linux/netlink.h>

#include "apply.h"
#include "core/config/config.h"
#include "core/place/decision.h"
#include "system/base/look-again.h"
#include "system/base/watchdog.h"
#include "system/routing/sentinel.h"

G_BEGIN_DECLS

/* So long a grant may be left unattended: if the helper hangs, the service manager kills it, and the guard's grants
 * lapse. */
#define DIVERT_GRANT_LIFETIME_MS 3000

typedef struct DivertLaying DivertLaying;

typedef enum
{
  DIVERT_LAID_NOT,  /* the previous rules may still be there, or some of the new ones */
  DIVERT_LAID_NONE, /* no rules can be installed here, but earlier ones no longer let anything go direct */
  DIVERT_LAID,      /* the kernel has the decision's rules, at least for one family; see the problems */
} DivertLaid;

/* Takes ownership of @backend.  Calls @retry when it is time to try again.  The caller then closes and lays
 * again, with its current decision. */
DivertLaying *divert_laying_new (DivertBackend *backend, DivertLookAgain retry, gpointer user_data, GError **error);
void          divert_laying_free (DivertLaying *laying);

/* Takes back what goes direct to an intranet and leaves everything else in place: the fence, which needs no lock … */
gboolean      divert_laying_withdraw_fence (DivertLaying *laying, GError **error);
/* … and the packet filters.  Each is tried whatever became of the others. */
gboolean      divert_laying_withdraw_filters (DivertLaying *laying, GError **error);

/* From now on @touched is called when somebody may have changed the rules. */
void          divert_laying_watch (DivertLaying *laying, DivertTouched touched, gpointer user_data);
/* Returns which of the rules are no longer as they were installed; see backend.h. */
DivertParts   divert_laying_find_drift (DivertLaying *laying, gboolean thorough);
/* Likewise of policy routing and the fence: what closing and installing have found since the last call. */
DivertParts   divert_laying_take_drift (DivertLaying *laying);
/* Does a notification of rtnetlink say that somebody else has deleted some of that? */
gboolean      divert_laying_is_loss (const DivertLaying *laying, struct nlmsghdr *header);

/* From now on the fence closes by itself as soon as a link is lost on which a grant rests, whatever this thread is
 * doing.  Then @tripped is called: the caller has to lay again, with newer facts.  @sentinel (not owned; NULL: there is
 * none) sees to that if this whole process stands still. */
void          divert_laying_set_tripwire (DivertLaying *laying, DivertSentinel *sentinel, DivertLookAgain tripped,
                                          gpointer user_data);

/* Asks the kernel about those links.  Call it when this thread is awake anyway; see divert_tripwire_look(). */
void          divert_laying_look_at_links (DivertLaying *laying);
/* Call it when a run begins.  If the tripwire is closing the fence, waits for that. */
void          divert_laying_settle (DivertLaying *laying);

/* The ports of the fence's writes, by which the kernel's notifications identify them, and of the tripwire's (0: there
 * is none). */
guint32       divert_laying_get_port (const DivertLaying *laying);
guint32       divert_laying_get_wire_port (const DivertLaying *laying);

/* Does the kernel have rules of an earlier helper? */
gboolean      divert_laying_find_rules (DivertLaying *laying);

/* Closes the fence as @decision wants it: that revokes, so it comes before everything else.  Failures are added to
 * @problems.  @applied is set in any case.  Call divert_laying_lay() next. */
void          divert_laying_close (DivertLaying *laying, const DivertConfig *config, const DivertDecision *decision,
                                   const DivertFacts *facts, GPtrArray *problems, DivertApplied *applied);
/* Installs the rules of @decision.  @gid is the proxy's group; NULL: unknown, so none can be installed.  Failures are
 * added to @problems, and what was written to @applied. */
DivertLaid    divert_laying_lay (DivertLaying *laying, const DivertConfig *config, const guint32 *gid,
                                 const DivertDecision *decision, const DivertFacts *facts, GPtrArray *problems,
                                 DivertApplied *applied);

/* ms that a grant lives if nobody renews it; 0: none lapses, because the service manager watches us. */
static inline guint
divert_laying_get_lifetime (void)
{
  return divert_watchdog_is_watching () ? 0 : DIVERT_GRANT_LIFETIME_MS;
}
/* Is there to be a guard besides @backend's rules?  It keeps out what a flush of those lets through, and only its
 * grants lapse. */
static inline gboolean
divert_laying_wants_guard (const DivertBackend *backend)
{
  return backend->klass->wants_guard || divert_laying_get_lifetime () > 0;
}
/* Lets grants live on that would lapse.  The next call has to come within their lifetime.  FALSE: a run has to look at
 * them. */
gboolean      divert_laying_renew (DivertLaying *laying);
/* What nobody delivers, or holds, beside the rules that were laid for @facts. */
void          divert_laying_find_undelivered (const DivertLaying *laying, const DivertFacts *facts,
                                              GPtrArray *problems);
/* In whose tables the guard stands besides the backend's: "nftables"; "none"; "": it isn't wanted.  Static. */
const char   *divert_laying_get_guard (const DivertLaying *laying);

/* The rules that were laid last; NULL: none, or what they granted was taken away since. */
DivertRuleset *divert_laying_get_laid (const DivertLaying *laying);

/* The backend's name, static; "" while none has been found to work here. */
const char   *divert_laying_get_backend (const DivertLaying *laying);
/* Why the backend that is preferred to it isn't used; NULL: there is none. */
const char   *divert_laying_get_backend_why (const DivertLaying *laying);

G_END_DECLS
