/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: polkit's D-Bus interface.
 *
 * We call it ourselves.  libpolkit makes the same calls, but brings libsystemd and the libraries that this needs, which
 * costs 130 kB of memory that no other process shares.
 */
#include "polkit.h"

#include <string.h>

#include "core/words/escape.h"

#define MAX_DETAIL 64 /* characters */

#define NAME "org.freedesktop.PolicyKit1"
#define PATH "/org/freedesktop/PolicyKit1/Authority"
#define INTERFACE "org.freedesktop.PolicyKit1.Authority"
#define ALLOW_USER_INTERACTION 1

/* Makes @value harmless in a dialog.  A '$' would begin another placeholder, and some agents show text as markup. */
static void
add_detail (GVariantBuilder *details,
            const char      *key,
            const char      *value)
{
  g_autofree char *escaped = divert_escape_up_to (value != NULL ? value : "", MAX_DETAIL);
  g_autoptr(GString) text = g_string_new (NULL);

  for (const char *p = escaped; *p != '\0'; p++)
    if (strchr ("$<>&", *p) != NULL)
      g_string_append_printf (text, "\\x%02x", (guint8) *p);
    else
      g_string_append_c (text, *p);
  g_variant_builder_add (details, "{ss}", key, text->str);
}

GVariant *
divert_polkit_details_new (const DivertDialog *dialog)
{
  GVariantBuilder details;

  g_variant_builder_init (&details, G_VARIANT_TYPE ("a{ss}"));
  if (dialog != NULL)
    {
      add_detail (&details, "site", dialog->site);
      add_detail (&details, "network", dialog->network);
    }
  if (dialog != NULL && dialog->message != NULL)
    {
      g_variant_builder_add (&details, "{ss}", "polkit.message", dialog->message);
      g_variant_builder_add (&details, "{ss}", "polkit.gettext_domain", GETTEXT_PACKAGE);
    }
  return g_variant_ref_sink (g_variant_builder_end (&details));
}

/* If the bus had to start polkit because of a question, it would keep the question until polkit is there, even if
 * nobody waits for the answer any more. */
void
divert_polkit_start (GDBusConnection     *bus,
                     GCancellable        *cancellable,
                     GAsyncReadyCallback  started,
                     gpointer             user_data)
{
  g_dbus_connection_call (bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                          "StartServiceByName", g_variant_new ("(su)", NAME, 0), G_VARIANT_TYPE ("(u)"),
                          G_DBUS_CALL_FLAGS_NONE, G_MAXINT, cancellable, started, user_data);
}

gboolean
divert_polkit_start_finish (GDBusConnection  *bus,
                            GAsyncResult     *result,
                            GError          **error)
{
  g_autoptr(GError) local_error = NULL;
  g_autoptr(GVariant) started = g_dbus_connection_call_finish (bus, result, &local_error);

  /* A bus that doesn't know how to start polkit says so even if polkit is there. */
  if (started != NULL || g_error_matches (local_error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local_error));
  return FALSE;
}

void
divert_polkit_check (GDBusConnection     *bus,
                     const char          *id,
                     const char          *sender,
                     const char          *action_id,
                     GVariant            *details,
                     gboolean             interactive,
                     GCancellable        *cancellable,
                     GAsyncReadyCallback  checked,
                     gpointer             user_data)
{
  const guint32 flags = interactive ? ALLOW_USER_INTERACTION : 0;
  GVariantDict subject;

  g_variant_dict_init (&subject, NULL);
  g_variant_dict_insert (&subject, "name", "s", sender);
  g_dbus_connection_call (bus, NAME, PATH, INTERFACE, "CheckAuthorization",
                          g_variant_new ("((s@a{sv})s@a{ss}us)", "system-bus-name", g_variant_dict_end (&subject),
                                         action_id, details, flags, id),
                          G_VARIANT_TYPE ("((bba{ss}))"), G_DBUS_CALL_FLAGS_NO_AUTO_START, G_MAXINT, cancellable,
                          checked, user_data);
}

gboolean
divert_polkit_check_finish (GDBusConnection  *bus,
                            GAsyncResult     *result,
                            gboolean         *ret_allowed,
                            GError          **error)
{
  g_autoptr(GVariant) authorization = g_dbus_connection_call_finish (bus, result, error);

  if (authorization == NULL)
    return FALSE;
  /* The second value says that a password could change the answer. */
  g_variant_get (authorization, "((bba{ss}))", ret_allowed, NULL, NULL);
  return TRUE;
}

void
divert_polkit_cancel (GDBusConnection *bus,
                      const char      *id)
{
  g_dbus_connection_call (bus, NAME, PATH, INTERFACE, "CancelCheckAuthorization", g_variant_new ("(s)", id), NULL,
                          G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, NULL, NULL);
}
