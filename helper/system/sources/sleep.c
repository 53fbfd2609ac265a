/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: logind's PrepareForSleep and the delay lock.
 *
 * The lock is a file descriptor that we get from logind while the machine is awake.  Closing it
 * lets the machine go to sleep.  We take it again after every sleep, and whenever logind appears.
 * We never cause logind to be started.
 */
#include "sleep.h"

#include <gio/gunixfdlist.h>
#include <unistd.h>

#define LOGIND "org.freedesktop.login1"
#define LOGIND_PATH "/org/freedesktop/login1"
#define LOGIND_INTERFACE "org.freedesktop.login1.Manager"

struct DivertSleep
{
  DivertLookAgain  changed;
  gpointer         user_data;
  GCancellable    *cancellable; /* for the calls to logind */
  GDBusConnection *bus;         /* NULL: there is none, or not yet */
  gboolean         connecting;
  gboolean         freed;       /* while connecting */
  guint            watch_id;
  guint            signal_id;
  int              lock;        /* -1: none */
  gboolean         near;
};

static void
unlock (DivertSleep *sleep)
{
  if (sleep->lock >= 0)
    close (sleep->lock);
  sleep->lock = -1;
}

static void
on_lock (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autoptr(GUnixFDList) fds = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) answer = g_dbus_connection_call_with_unix_fd_list_finish (G_DBUS_CONNECTION (source), &fds,
                                                                                result, &error);
  DivertSleep *sleep = user_data;
  gint32 handle;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (answer == NULL)
    {
      g_warning ("cannot delay sleep: %s", error->message);
      return;
    }

  unlock (sleep);
  g_variant_get (answer, "(h)", &handle);
  if (fds != NULL)
    sleep->lock = g_unix_fd_list_get (fds, handle, NULL);
}

static void
lock (DivertSleep *sleep)
{
  g_dbus_connection_call_with_unix_fd_list (sleep->bus, LOGIND, LOGIND_PATH, LOGIND_INTERFACE, "Inhibit",
                                            g_variant_new ("(ssss)", "sleep", "nm-divert",
                                                           "Closing the direct way to the intranet", "delay"),
                                            G_VARIANT_TYPE ("(h)"), G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL,
                                            sleep->cancellable, on_lock, sleep);
}

static void
set_near (DivertSleep *sleep,
          gboolean     near)
{
  if (sleep->near == near)
    return;
  sleep->near = near;
  sleep->changed (sleep->user_data);
}

static void
on_prepare (GDBusConnection *bus,
            const char      *sender,
            const char      *path,
            const char      *interface,
            const char      *signal_name,
            GVariant        *parameters,
            gpointer         user_data)
{
  DivertSleep *sleep = user_data;
  gboolean near;

  if (!g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(b)")))
    return;
  g_variant_get (parameters, "(b)", &near);
  if (!near)
    lock (sleep);
  set_near (sleep, near);
}

static void
on_appeared (GDBusConnection *bus,
             const char      *name,
             const char      *owner,
             gpointer         user_data)
{
  lock (user_data);
}

/* Without logind nobody would tell us that the machine is awake again. */
static void
on_vanished (GDBusConnection *bus,
             const char      *name,
             gpointer         user_data)
{
  DivertSleep *sleep = user_data;

  unlock (sleep);
  set_near (sleep, FALSE);
}

static void
on_bus (GObject      *source,
        GAsyncResult *result,
        gpointer      user_data)
{
  DivertSleep *sleep = user_data;

  sleep->connecting = FALSE;
  sleep->bus = g_bus_get_finish (result, NULL);
  if (sleep->freed)
    {
      divert_sleep_free (sleep);
      return;
    }
  if (sleep->bus == NULL)
    return;

  sleep->signal_id = g_dbus_connection_signal_subscribe (sleep->bus, LOGIND, LOGIND_INTERFACE, "PrepareForSleep",
                                                         LOGIND_PATH, NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_prepare, sleep,
                                                         NULL);
  sleep->watch_id = g_bus_watch_name_on_connection (sleep->bus, LOGIND, G_BUS_NAME_WATCHER_FLAGS_NONE, on_appeared,
                                                    on_vanished, sleep, NULL);
}

DivertSleep *
divert_sleep_new (DivertLookAgain changed,
                  gpointer        user_data)
{
  DivertSleep *sleep = g_new0 (DivertSleep, 1);

  sleep->changed = changed;
  sleep->user_data = user_data;
  sleep->cancellable = g_cancellable_new ();
  sleep->lock = -1;
  sleep->connecting = TRUE;
  g_bus_get (G_BUS_TYPE_SYSTEM, NULL, on_bus, sleep);
  return sleep;
}

void
divert_sleep_free (DivertSleep *sleep)
{
  if (sleep == NULL)
    return;

  /* Do not cancel: cancelling one attempt to get the shared connection breaks it for everybody else. */
  if (sleep->connecting)
    {
      sleep->freed = TRUE;
      return;
    }
  g_cancellable_cancel (sleep->cancellable);
  if (sleep->watch_id != 0)
    {
      g_dbus_connection_signal_unsubscribe (sleep->bus, sleep->signal_id);
      g_bus_unwatch_name (sleep->watch_id);
    }
  g_clear_object (&sleep->bus);
  unlock (sleep);
  g_object_unref (sleep->cancellable);
  g_free (sleep);
}

gboolean
divert_sleep_is_near (const DivertSleep *sleep)
{
  return sleep->near;
}

void
divert_sleep_allow (DivertSleep *sleep)
{
  if (sleep->near)
    unlock (sleep);
}
