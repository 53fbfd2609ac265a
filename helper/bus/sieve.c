/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: what gets through from the bus.
 *
 * A call may carry file descriptors, whether or not its method has any use for them, and GDBus keeps them until it is
 * answered.  With sixteen in each, some sixty waiting calls take all that the helper may open, and then it can't end
 * flows, for example.  Our policy has the bus refuse them (org.nmdivert.Helper1.conf).  This is for buses that don't.
 * Long calls do the same to memory: no bus has a limit for a single service, and its own is tens of megabytes.
 *
 * The filter runs in the thread that reads from the bus, one message at a time, before anything is queued.  So what is
 * too much is gone before the next message, however busy the thread is that answers.
 */
#include "sieve.h"

#include <gio/gunixfdlist.h>
#include <unistd.h>

/* The message itself can't be changed any more, only the list that it refers to. */
static void
close_descriptors (GDBusMessage *message)
{
  GUnixFDList *list = g_dbus_message_get_unix_fd_list (message);
  g_autofree int *fds = list != NULL ? g_unix_fd_list_steal_fds (list, NULL) : NULL;

  for (guint i = 0; fds != NULL && fds[i] >= 0; i++)
    close (fds[i]);
}

static gboolean
is_too_long (GDBusMessage *message)
{
  g_autofree guchar *fields = g_dbus_message_get_header_fields (message);
  GVariant *body = g_dbus_message_get_body (message);
  gsize bytes = body != NULL ? g_variant_get_size (body) : 0;

  /* A path may be as long as a message, for instance. */
  for (const guchar *field = fields; *field != G_DBUS_MESSAGE_HEADER_FIELD_INVALID; field++)
    bytes += g_variant_get_size (g_dbus_message_get_header (message, *field));
  return bytes > DIVERT_SIEVE_MAX_BYTES;
}

static void
refuse (GDBusConnection *bus,
        GDBusMessage    *message)
{
  g_autoptr(GDBusMessage) reply = NULL;

  if (g_dbus_message_get_flags (message) & G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED)
    return;
  reply = g_dbus_message_new_method_error_literal (message, "org.freedesktop.DBus.Error.LimitsExceeded",
                                                   "too long a call");
  g_dbus_connection_send_message (bus, reply, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, NULL);
}

static GDBusMessage *
sift (GDBusConnection *bus,
      GDBusMessage    *message,
      gboolean         incoming,
      gpointer         user_data)
{
  const GDBusMessageType type = g_dbus_message_get_message_type (message);

  if (!incoming || type == G_DBUS_MESSAGE_TYPE_METHOD_RETURN)
    return message;
  close_descriptors (message);
  if (type != G_DBUS_MESSAGE_TYPE_METHOD_CALL || !is_too_long (message))
    return message;
  refuse (bus, message);
  g_object_unref (message);
  return NULL;
}

void
divert_sieve_put_into (GDBusConnection *bus)
{
  g_dbus_connection_add_filter (bus, sift, NULL, NULL);
}
