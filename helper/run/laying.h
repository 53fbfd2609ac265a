/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a decision to the kernel: the ruleset is made and applied, and tried again later if that failed.
 */
#pragma once

#include "apply.h"
#include "core/config/config.h"
#include "core/place/decision.h"
#include "system/base/look-again.h"

G_BEGIN_DECLS

typedef struct DivertLaying DivertLaying;

typedef enum
{
  DIVERT_LAID_NOT,  /* the previous rules may still be there, or some of the new ones */
  DIVERT_LAID_NONE, /* no rules can be laid here, but of earlier ones nothing goes straight any more */
  DIVERT_LAID,      /* the kernel holds the rules of the decision, at least for one family: see the problems */
} DivertLaid;

/* Takes @backend.  @retry is called when it is time to try again: divert_laying_lay() is to be called
 * with the decision of then. */
DivertLaying *divert_laying_new (DivertBackend *backend, DivertLookAgain retry, gpointer user_data, GError **error);
void          divert_laying_free (DivertLaying *laying);

/* Does the kernel hold rules of an earlier helper? */
gboolean      divert_laying_find_rules (DivertLaying *laying);

/* Lays the rules of @decision.  @gid: the proxy's group; NULL: not known, so none can be laid.  What
 * failed is added to @problems; @applied is set in any case. */
DivertLaid    divert_laying_lay (DivertLaying *laying, const DivertConfig *config, const guint32 *gid,
                                 const DivertDecision *decision, const DivertFacts *facts, GPtrArray *problems,
                                 DivertApplied *applied);

/* Its name, static; "" while none has been found to work here. */
const char   *divert_laying_get_backend (const DivertLaying *laying);

G_END_DECLS
