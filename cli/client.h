/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Talking to the helper over the system bus, one call at a time, and explaining failures to a person.
 */
#pragma once

#include <gio/gio.h>

#include "command.h"

G_BEGIN_DECLS

/* Does the call change something, so that polkit may ask for a password? */
typedef enum
{
  DIVERT_CALL_READS,
  DIVERT_CALL_CHANGES,
} DivertCallKind;

/* The system bus; NULL with @error (report it with divert_client_report()). */
GDBusConnection *divert_client_connect (GError **error);

/* Calls @method of the helper with @arguments (consumed if floating; NULL: none).  With DIVERT_CALL_CHANGES, the caller
 * is asked for a password on this terminal if polkit wants one and no graphical agent runs.  Returns NULL with @error
 * on failure. */
GVariant        *divert_client_call (GDBusConnection *bus, DivertCallKind kind, const char *method, GVariant *arguments,
                                     const GVariantType *reply_type, GError **error);
/* Returns the a{sv} that @method answers. */
GVariant        *divert_client_get (GDBusConnection *bus, const char *method, GVariant *arguments, GError **error);

/* Tells a person what went wrong, and returns the matching exit code. */
DivertExitCode       divert_client_report (const GError *error);
/* Is @error (NULL: none) the D-Bus error @name, one of dbus-names.h? */
gboolean         divert_client_error_is (const GError *error, const char *name);

G_END_DECLS
