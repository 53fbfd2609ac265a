/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-divert status: the helper's Status(), once or at every change.
 */
#include "divert-config.h"

#include <stdio.h>
#include <unistd.h>

#include <glib/gi18n.h>

#include "bus/dbus-names.h"
#include "client.h"
#include "json.h"
#include "view.h"

/* Several properties and signals belong to one change, but a person wants one screen. */
#define SETTLE_MS 50

typedef struct
{
  GDBusConnection *bus;
  GMainLoop       *loop;
  gboolean         json;
  guint            pending; /* the source that prints */
  DivertExitCode   code;
} Watch;

/* A helper that is older than this program doesn't know. */
static char *
find_gravest (GDBusConnection *bus)
{
  g_autoptr(GVariant) diagnosis = divert_client_get (bus, "Doctor", NULL, NULL);

  return diagnosis ? divert_view_gravest (diagnosis) : g_strdup ("");
}

static DivertExitCode
print_status (GDBusConnection *bus,
              gboolean         json,
              gboolean         watching)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) status = divert_client_get (bus, "Status", NULL, &error);
  g_autofree char *text = NULL, *gravest = NULL;

  if (!status)
    return divert_client_report (error);
  if (json)
    {
      /* JSON is UTF-8 whatever the locale is.  With --watch, each object is one line. */
      text = divert_json_status (status, !watching);
      fputs (text, stdout);
      fputc ('\n', stdout);
    }
  else
    {
      text = divert_view_status (status, g_get_real_time () / G_USEC_PER_SEC);
      gravest = find_gravest (bus);
      /* A terminal shows only the newest state.  Otherwise a blank line separates the states. */
      if (watching && isatty (STDOUT_FILENO))
        g_print ("\033[H\033[2J");
      g_print ("%s%s%s", text, gravest, watching ? "\n" : "");
    }
  fflush (stdout);
  return DIVERT_EXIT_DONE;
}

static gboolean
on_settled (gpointer user_data)
{
  Watch *watch = user_data;

  watch->pending = 0;
  watch->code = print_status (watch->bus, watch->json, TRUE);
  if (watch->code != DIVERT_EXIT_DONE)
    g_main_loop_quit (watch->loop);
  return G_SOURCE_REMOVE;
}

static void
look_again (Watch *watch)
{
  if (!watch->pending)
    watch->pending = g_timeout_add (SETTLE_MS, on_settled, watch);
}

static void
on_properties_changed (GDBusConnection *bus,
                       const char      *sender,
                       const char      *path,
                       const char      *interface,
                       const char      *signal,
                       GVariant        *parameters,
                       gpointer         user_data)
{
  look_again (user_data);
}

static void
on_helper_appeared (GDBusConnection *bus,
                    const char      *name,
                    const char      *owner,
                    gpointer         user_data)
{
  look_again (user_data);
}

static void
on_bus_closed (GDBusConnection *bus,
               gboolean         remote_peer_vanished,
               GError          *error,
               gpointer         user_data)
{
  Watch *watch = user_data;

  divert_command_complain (_("the connection to the system bus is lost"));
  watch->code = DIVERT_EXIT_UNREACHABLE;
  g_main_loop_quit (watch->loop);
}

static DivertExitCode
watch_status (GDBusConnection *bus,
              gboolean         json)
{
  g_autoptr(GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Watch watch = { bus, loop, json, 0, DIVERT_EXIT_DONE };
  gulong closed;
  guint subscription;
  guint name;

  /* Subscribe before the first look, so that no change is missed between the two. */
  subscription = g_dbus_connection_signal_subscribe (bus, DIVERT_DBUS_NAME, "org.freedesktop.DBus.Properties",
                                                     "PropertiesChanged", DIVERT_DBUS_PATH, DIVERT_DBUS_INTERFACE,
                                                     G_DBUS_SIGNAL_FLAGS_NONE, on_properties_changed, &watch, NULL);
  /* A helper that has nothing to do exits.  Asking then would only start it again. */
  name = g_bus_watch_name_on_connection (bus, DIVERT_DBUS_NAME, G_BUS_NAME_WATCHER_FLAGS_AUTO_START, on_helper_appeared,
                                         NULL, &watch, NULL);
  closed = g_signal_connect (bus, "closed", G_CALLBACK (on_bus_closed), &watch);
  look_again (&watch);
  g_main_loop_run (loop);
  g_clear_handle_id (&watch.pending, g_source_remove);
  g_signal_handler_disconnect (bus, closed);
  g_bus_unwatch_name (name);
  g_dbus_connection_signal_unsubscribe (bus, subscription);
  return watch.code;
}

DivertExitCode
divert_cmd_status (const DivertCommand *command,
                   char               **arguments)
{
  gboolean json = FALSE;
  gboolean watch = FALSE;
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_("Print JSON, as nm-divert(1) documents it"), NULL },
    { "watch", 0, 0, G_OPTION_ARG_NONE, &watch, N_("Print again at every change"), NULL },
    { 0 },
  };
  g_auto(GStrv) rest = divert_command_parse (command, entries, NULL, 0, 0, arguments);
  g_autoptr(GDBusConnection) bus = NULL;
  g_autoptr(GError) error = NULL;

  if (!rest)
    return DIVERT_EXIT_USAGE;
  bus = divert_client_connect (&error);
  if (!bus)
    return divert_client_report (error);
  return watch ? watch_status (bus, json) : print_status (bus, json, FALSE);
}
