/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A call that changes something.  It is checked, then authorised, then done, then answered.
 */
#pragma once

#include "service-private.h"

G_BEGIN_DECLS

/* A call that changes something, on its way from the check to the answer. */
typedef struct DivertChange DivertChange;

/* Does the change, or whatever must come first.  It owns @change and frees it in the end. */
typedef void (*DivertChangeFunc) (DivertChange *change);

struct DivertChange
{
  DivertService         *service;
  GDBusMethodInvocation *invocation; /* answering consumes it */
  DivertChangeFunc       func;
  DivertMode            *mode;       /* of Switch */
  gboolean               until_network_change;
  char                  *site;       /* of Trust, Forget and Preview */
  char                  *uuid;
  guint                  direct;     /* of Trust and Preview: DivertTrustDirect bits */
  char                  *digest;     /* of Trust: digest of what the person was shown; NULL: nothing yet */
  DivertOrdered          looked;     /* of Trust and Preview: what comes once the gateways have been asked */
};

DivertChange *divert_change_new (DivertService *service, GDBusMethodInvocation *invocation, DivertChangeFunc func);
void          divert_change_free (DivertChange *change);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertChange, divert_change_free)
/* Calls the change's func if its caller may do @action.  Otherwise answers the call and frees the change.  @dialog may
 * be NULL. */
void          divert_change_authorise (DivertChange *change, const char *action, const DivertDialog *dialog);
void          divert_change_fail (DivertChange *change, const char *name, const GError *error);
/* Answers the call.  If the change has failed, @name is the D-Bus error's name. */
void          divert_change_answer (DivertChange *change, const char *name, const GError *error);

G_END_DECLS
