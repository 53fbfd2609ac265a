/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The calls that authority.c makes to polkit.  It alone decides what they mean.
 */
#pragma once

#include "authority.h"

G_BEGIN_DECLS

/* The a{ss} of a question.  @dialog may be NULL. */
GVariant *divert_polkit_details_new (const DivertDialog *dialog);

/* Has the bus start polkit, if it doesn't run yet. */
void      divert_polkit_start (GDBusConnection *bus, GCancellable *cancellable, GAsyncReadyCallback started,
                               gpointer user_data);
gboolean  divert_polkit_start_finish (GDBusConnection *bus, GAsyncResult *result, GError **error);

/* May @sender, a unique name on the bus, do @action_id?  @interactive: polkit may ask for a password.  There is no
 * time-out, only @cancellable, after which divert_polkit_cancel() closes the dialog. */
void      divert_polkit_check (GDBusConnection *bus, const char *id, const char *sender, const char *action_id,
                               GVariant *details, gboolean interactive, GCancellable *cancellable,
                               GAsyncReadyCallback checked, gpointer user_data);
gboolean  divert_polkit_check_finish (GDBusConnection *bus, GAsyncResult *result, gboolean *ret_allowed,
                                      GError **error);
void      divert_polkit_cancel (GDBusConnection *bus, const char *id);

G_END_DECLS
