/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The D-Bus object.  It checks arguments and authority, orders from the pipeline, and answers.
 */
#pragma once

#include <gio/gio.h>

#include "run/pipeline.h"

G_BEGIN_DECLS

typedef struct DivertService DivertService;

/* Called in the service's thread when the helper has had nothing to do for a while and has no rules to maintain. */
typedef void (*DivertIdle) (gpointer user_data);

/* Serves in a thread of its own.  The caller keeps @pipeline, which must outlive the service. */
DivertService *divert_service_new (GDBusConnection *bus, DivertPipeline *pipeline, DivertIdle idle, gpointer user_data,
                                   GError **error);
void           divert_service_free (DivertService *service);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertService, divert_service_free)

G_END_DECLS
