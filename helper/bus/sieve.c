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
 *
 * What the bus holds for us is limited, too: 64 descriptors, or some megabytes.  Whoever fills that up makes
 * dbus-daemon throw away what others send to us, and nobody hears of it.  NetworkManager's signals may have been among
 * that.  So all of it is read again afterwards.
 */
#include "sieve.h"

#include <gio/gunixfdlist.h>
#include <unistd.h>

/* Reading all of NetworkManager takes the longer the more profiles there are, at the main loop's priority, and any user
 * can cause it. */
#define REST_MS (4 * DIVERT_SIEVE_PAUSE_MS)

typedef enum
{
  QUIET,
  TOLD,    /* kept_back() will be called after a pause */
  RESTING, /* it was called */
  MISSED,  /* … and more was kept back since */
} State;

typedef struct
{
  DivertKeptBack kept_back;
  gpointer       user_data;
  gint           state; /* State */
} Sieve;

static gboolean on_pause (gpointer user_data);

static gboolean
on_rested (gpointer user_data)
{
  Sieve *sieve = user_data;

  if (g_atomic_int_compare_and_exchange (&sieve->state, RESTING, QUIET))
    return G_SOURCE_REMOVE;
  g_atomic_int_set (&sieve->state, TOLD);
  g_timeout_add (DIVERT_SIEVE_PAUSE_MS, on_pause, sieve);
  return G_SOURCE_REMOVE;
}

static gboolean
on_pause (gpointer user_data)
{
  Sieve *sieve = user_data;

  g_atomic_int_set (&sieve->state, RESTING);
  g_timeout_add (REST_MS, on_rested, sieve);
  sieve->kept_back (sieve->user_data);
  return G_SOURCE_REMOVE;
}

/* However much is kept back, the main loop wakes up for it once. */
static void
tell (Sieve *sieve)
{
  if (g_atomic_int_compare_and_exchange (&sieve->state, QUIET, TOLD))
    g_timeout_add (DIVERT_SIEVE_PAUSE_MS, on_pause, sieve);
  else
    g_atomic_int_compare_and_exchange (&sieve->state, RESTING, MISSED);
}

/* The message itself can't be changed any more, only the list that it refers to.  Were there any? */
static gboolean
close_descriptors (GDBusMessage *message)
{
  GUnixFDList *list = g_dbus_message_get_unix_fd_list (message);
  gint count = 0;
  g_autofree int *fds = list != NULL ? g_unix_fd_list_steal_fds (list, &count) : NULL;

  for (gint i = 0; i < count; i++)
    close (fds[i]);
  return count > 0;
}

/* NetworkManager sends its signals to all, and some of them are long. */
static gboolean
is_to_us_alone (GDBusMessage *message)
{
  return g_dbus_message_get_message_type (message) == G_DBUS_MESSAGE_TYPE_METHOD_CALL ||
         g_dbus_message_get_destination (message) != NULL;
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

  if (g_dbus_message_get_message_type (message) != G_DBUS_MESSAGE_TYPE_METHOD_CALL ||
      (g_dbus_message_get_flags (message) & G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED) != 0)
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
  if (!incoming || g_dbus_message_get_message_type (message) == G_DBUS_MESSAGE_TYPE_METHOD_RETURN)
    return message;
  if (close_descriptors (message))
    tell (user_data);
  if (!is_to_us_alone (message) || !is_too_long (message))
    return message;
  tell (user_data);
  refuse (bus, message);
  g_object_unref (message);
  return NULL;
}

void
divert_sieve_put_into (GDBusConnection *bus,
                       DivertKeptBack   kept_back,
                       gpointer         user_data)
{
  Sieve *sieve = g_new0 (Sieve, 1);

  sieve->kept_back = kept_back;
  sieve->user_data = user_data;
  g_dbus_connection_add_filter (bus, sift, sieve, g_free);
}
