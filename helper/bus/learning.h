/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What Trust, Forget and Preview have in common: a change of a site, and what can be learned for it.
 */
#pragma once

#include "change.h"
#include "core/trust/trust.h"

G_BEGIN_DECLS

/* A change of @site by @uuid.  Returns NULL after it has answered the call, if one of them is invalid. */
DivertChange     *divert_learning_new (DivertService *service, GDBusMethodInvocation *invocation,
                                       DivertChangeFunc func, const char *site, const char *uuid,
                                       gboolean any_connection);
/* The same, if not too many others ask the network.  Otherwise it has answered the call as well. */
DivertChange     *divert_learning_new_asking (DivertService *service, GDBusMethodInvocation *invocation,
                                              DivertChangeFunc func, const char *site, const char *uuid,
                                              gboolean any_connection);
/* Calls @ready with @change when the gateways have been asked anew. */
void              divert_learning_ask_gateways (DivertChange *change, DivertOrdered ready);

const DivertSite *divert_learning_find_site (const DivertChange *change);
DivertLearned    *divert_learning_learn (const DivertChange *change, GError **error);

G_END_DECLS
