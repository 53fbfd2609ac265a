/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks the arguments of D-Bus callers, which are hostile until they have passed here.
 */
#pragma once

#include "core/config/config.h"
#include "core/place/mode.h"
#include "core/ruleset/explain.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* Each returns FALSE after it has sent a D-Bus error to the caller. The caller of these functions frees the results,
 * except for @ret_event, which is static. */
gboolean divert_arguments_event (GDBusMethodInvocation *invocation, const char *event, const char **ret_event,
                                 gboolean *ret_settle);
gboolean divert_arguments_mode (GDBusMethodInvocation *invocation, const DivertConfig *config, const char *mode,
                                guint64 expires, DivertMode **ret_mode);
/* The place that a plan or an explanation supposes: away, off or a site's name. */
gboolean divert_arguments_place (GDBusMethodInvocation *invocation, const DivertConfig *config, const char *place,
                                 DivertMode **ret_mode);
/* Sends the error. */
void     divert_arguments_refuse_backend (GDBusMethodInvocation *invocation, const char *backend);
void     divert_arguments_refuse_sender (GDBusMethodInvocation *invocation, const char *from);
gboolean divert_arguments_site (GDBusMethodInvocation *invocation, const char *site);
gboolean divert_arguments_uuid (GDBusMethodInvocation *invocation, const char *uuid, gboolean may_be_empty);
/* Fills in the destination, protocol and port of @ret_packet. */
gboolean divert_arguments_packet (GDBusMethodInvocation *invocation, const char *address, guint port,
                                  const char *protocol, DivertPacket *ret_packet);
/* … and its source. */
gboolean divert_arguments_flow (GDBusMethodInvocation *invocation, const char *source, guint sport,
                                const char *address, guint port, const char *protocol, DivertPacket *ret_packet);

G_END_DECLS
