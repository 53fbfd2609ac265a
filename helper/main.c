/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the helper's process: its options, its signals, its name on the bus, and its end.
 *
 * The rules do not wait for the bus.  Until it is there, the place is away; only rules that an earlier helper has left
 * stay for a moment (core/memory/startup.h).  We look for the bus for as long as it takes.  NetworkManager, logind and
 * callers come with it.
 *
 * The main loop handles SIGTERM between two runs of the pipeline, never inside one, so every write is completed.  When
 * the helper ends, it revokes the grant, because nobody watches any more.  All other rules stay.  Only --remove or the
 * mode off removes them.
 */
#include <errno.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <glib/gi18n.h>
#include <locale.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "bus/dbus-names.h"
#include "bus/service.h"
#include "bus/sieve.h"
#include "divert-config.h"
#include "remove.h"
#include "system/base/heap.h"
#include "system/base/journal.h"
#include "system/base/modules.h"
#include "system/base/sole.h"
#include "withdraw.h"

/* While there is no bus yet. */
#define BUS_RETRY_MS 500
/* At the end, for the last lines of the log. */
#define JOURNAL_LIMIT_MS 500

typedef struct
{
  GMainLoop       *loop;
  DivertSentinel  *sentinel; /* NULL: there is none */
  guint            sentinel_id;
  DivertPipeline  *pipeline;
  GDBusConnection *bus;      /* NULL: not there yet; so is service */
  DivertService   *service;
  guint            name_id;
  gboolean         told;     /* the log says already that there is no bus */
  int              status;
} Helper;

static void connect_bus (Helper *helper);

static gboolean
on_terminate (gpointer user_data)
{
  Helper *helper = user_data;

  g_main_loop_quit (helper->loop);
  return G_SOURCE_CONTINUE;
}

static void
on_reloaded (const GError *error,
             gpointer      user_data)
{
  if (error != NULL)
    g_warning ("%s", error->message);
}

static gboolean
on_hangup (gpointer user_data)
{
  Helper *helper = user_data;

  divert_pipeline_reload (helper->pipeline, on_reloaded, NULL);
  return G_SOURCE_CONTINUE;
}

static void
on_idle (gpointer user_data)
{
  Helper *helper = user_data;

  g_info ("nothing to do, good-bye");
  g_main_loop_quit (helper->loop);
}

static void
fail (Helper *helper)
{
  helper->status = EXIT_FAILURE;
  g_main_loop_quit (helper->loop);
}

/* This also happens when another helper has the name.  Two helpers would fight over the rules. */
static void
on_name_lost (GDBusConnection *bus,
              const char      *name,
              gpointer         user_data)
{
  g_warning ("the name %s is not ours", name);
  fail (user_data);
}

/* Without the bus we hear nothing from NetworkManager.  Whatever starts the bus again, or the next event, starts us
 * again. */
static void
on_bus_closed (GDBusConnection *bus,
               gboolean         remote_peer_vanished,
               GError          *error,
               gpointer         user_data)
{
  Helper *helper = user_data;

  g_warning ("the bus is gone");
  divert_pipeline_lose_bus (helper->pipeline);
  fail (helper);
}

/* Nobody but root can end it.  A new helper has a new one. */
static gboolean
on_sentinel_ended (int          fd,
                   GIOCondition condition,
                   gpointer     user_data)
{
  Helper *helper = user_data;

  g_warning ("the sentinel has ended");
  helper->sentinel_id = 0;
  fail (helper);
  return G_SOURCE_REMOVE;
}

static void
start_sentinel (Helper *helper)
{
  static const DivertSentinelLast last = { divert_withdraw_lost_begin, divert_withdraw_lost_end };
  g_autoptr(GError) error = NULL;

  helper->sentinel = divert_sentinel_new (&last, &error);
  if (helper->sentinel == NULL)
    g_warning ("nobody watches the helper itself: %s", error->message);
  else
    helper->sentinel_id = g_unix_fd_add (divert_sentinel_get_fd (helper->sentinel), G_IO_HUP, on_sentinel_ended,
                                         helper);
}

static void
on_kept_back (gpointer user_data)
{
  Helper *helper = user_data;

  divert_pipeline_read_network_again (helper->pipeline);
}

static gboolean
on_bus_retry (gpointer user_data)
{
  connect_bus (user_data);
  return G_SOURCE_REMOVE;
}

static void
on_bus (GObject      *source,
        GAsyncResult *result,
        gpointer      user_data)
{
  Helper *helper = user_data;
  g_autoptr(GError) error = NULL;

  helper->bus = g_bus_get_finish (result, &error);
  if (helper->bus == NULL)
    {
      if (!helper->told)
        g_warning ("no system bus yet: %s", error->message);
      helper->told = TRUE;
      g_timeout_add (BUS_RETRY_MS, on_bus_retry, helper);
      return;
    }
  divert_sieve_put_into (helper->bus, on_kept_back, helper);
  g_dbus_connection_set_exit_on_close (helper->bus, FALSE);
  g_signal_connect (helper->bus, "closed", G_CALLBACK (on_bus_closed), helper);

  divert_pipeline_connect (helper->pipeline);
  helper->service = divert_service_new (helper->bus, helper->pipeline, on_idle, helper, &error);
  if (helper->service == NULL)
    {
      g_critical ("cannot serve: %s", error->message);
      fail (helper);
      return;
    }
  helper->name_id = g_bus_own_name_on_connection (helper->bus, DIVERT_DBUS_NAME, G_BUS_NAME_OWNER_FLAGS_DO_NOT_QUEUE,
                                                  NULL, on_name_lost, helper, NULL);
}

static void
connect_bus (Helper *helper)
{
  g_bus_get (G_BUS_TYPE_SYSTEM, NULL, on_bus, helper);
}

/* The rules must change between a lost carrier and the next network, however busy the machine is.  On a fully loaded
 * machine an ordinary process waits for 20 ms and more, which is ten datagrams of a stream.  A run takes about 1 ms.
 * The tripwire (system/routing/tripwire-ears.c) is above it.  The other threads stay ordinary.  They do everything
 * that may be slow or that anybody can ask for: callers (bus/service.c), TLS (system/sources/beacon/). */
static void
hurry (void)
{
  const struct sched_param parameter = { .sched_priority = sched_get_priority_min (SCHED_RR) };

  /* The unit sets this priority. */
  if ((sched_getscheduler (0) & ~SCHED_RESET_ON_FORK) == SCHED_RR)
    return;
  if (sched_setscheduler (0, SCHED_RR | SCHED_RESET_ON_FORK, &parameter) != 0)
    g_info ("no real-time priority: %s", g_strerror (errno));
}

static void
do_nothing (gpointer data,
            gpointer user_data)
{
}

static gpointer
make_pool (gpointer data)
{
  g_thread_pool_free (g_thread_pool_new (do_nothing, NULL, 1, FALSE, NULL), TRUE, FALSE);
  return NULL;
}

/* GLib gives the threads of its shared pool the priority of the thread that made the first pool.  That must not be this
 * thread.  Other new threads are ordinary because of SCHED_RESET_ON_FORK. */
static void
keep_pool_ordinary (void)
{
  g_thread_join (g_thread_new ("pool", make_pool, NULL));
}

static int
serve (const char *config_dir)
{
  Helper helper = { .status = EXIT_SUCCESS };
  g_autoptr(GError) error = NULL;

  divert_heap_return_large ();
  if (!divert_sole_become (DIVERT_RUN_DIR, &error))
    {
      g_critical ("%s", error->message);
      return EXIT_FAILURE;
    }
  start_sentinel (&helper);
  divert_modules_call ();
  hurry ();
  keep_pool_ordinary ();
  if (g_log_writer_is_journald (STDERR_FILENO))
    divert_journal_write_behind (g_log_writer_default);
  helper.pipeline = divert_pipeline_new (config_dir, helper.sentinel, &error);
  if (helper.pipeline == NULL)
    {
      g_critical ("cannot start: %s", error->message);
      return EXIT_FAILURE;
    }
  helper.loop = g_main_loop_new (NULL, FALSE);
  connect_bus (&helper);
  g_unix_signal_add (SIGTERM, on_terminate, &helper);
  g_unix_signal_add (SIGINT, on_terminate, &helper);
  g_unix_signal_add (SIGHUP, on_hangup, &helper);
  g_main_loop_run (helper.loop);

  /* The unit does this as well, whatever ended the helper, but without a unit nobody else does.  It comes first,
   * because an answer that is under way may be slow. */
  if (divert_withdraw_own (divert_pipeline_get_laying (helper.pipeline)) != EXIT_SUCCESS)
    helper.status = EXIT_FAILURE;
  if (helper.name_id != 0)
    g_bus_unown_name (helper.name_id);
  divert_service_free (helper.service);
  divert_pipeline_free (helper.pipeline);
  g_clear_handle_id (&helper.sentinel_id, g_source_remove);
  divert_sentinel_free (helper.sentinel);
  g_main_loop_unref (helper.loop);
  g_clear_object (&helper.bus);
  return helper.status;
}

int
main (int    argc,
      char **argv)
{
  gboolean remove = FALSE, withdraw = FALSE, version = FALSE;
  const GOptionEntry entries[] = {
    { "remove", 0, 0, G_OPTION_ARG_NONE, &remove, N_("end a running helper, take all rules and routes away, and exit"),
      NULL },
    { "withdraw", 0, 0, G_OPTION_ARG_NONE, &withdraw,
      N_("take back what a helper that has ended let go straight to an intranet, and exit"), NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &version, N_("print the version and exit"), NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr(GOptionContext) context = NULL;
  g_autoptr(GError) error = NULL;
  int status;

  /* --help speaks the system's language.  Without arguments, everything goes to the log and to the bus, which are in
   * English.  Programs that show it to a person translate it. */
  if (argc > 1)
    {
      setlocale (LC_ALL, "");
      bindtextdomain (GETTEXT_PACKAGE, DIVERT_LOCALE_DIR);
      bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
      textdomain (GETTEXT_PACKAGE);
    }
  divert_journal_open ("nm-divert-helper");

  context = g_option_context_new (NULL);
  g_option_context_set_summary (context, _("Keeps the diversion rules of nm-divert; started by the bus, not by hand."));
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      g_printerr ("%s\n", error->message);
      return 2;
    }
  if (argc > 1)
    {
      g_printerr (_("unknown argument: '%s'\n"), argv[1]);
      return 2;
    }
  if (version)
    {
      g_print ("nm-divert-helper %s\n", DIVERT_VERSION);
      return EXIT_SUCCESS;
    }
  if (geteuid () != 0)
    {
      g_printerr (_("only root can do that\n"));
      return 3;
    }
  if (withdraw)
    return divert_withdraw ();
  if (remove)
    return divert_remove ();
  status = serve (DIVERT_CONFIG_DIR);
  divert_journal_flush (JOURNAL_LIMIT_MS);
  return status;
}
