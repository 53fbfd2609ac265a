/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: passing an event of NetworkManager's on to the helper.
 *
 * NetworkManager's dispatcher runs this as root, with the interface and the action as arguments and with facts in the
 * environment.  Those facts are an attacker's text (a DHCP server writes some of it), and they are stale (events wait
 * in a queue).  So the hook uses only the action, and only if it is one of the few known ones.  The helper looks for
 * itself.
 *
 * In pre-up.d and pre-down.d NetworkManager waits until this program ends.  So the rules are right before any program
 * hears of the network.  The program must therefore end soon, whatever the helper or the bus do.  Its exit status is
 * always 0.  A failure is logged, and the existing rules stay.
 *
 * Unlike the rest of the project, it uses libdbus alone.  Each change of the network starts this program several times
 * and waits for it.  Loading GIO, starting its worker and reading the bus's greeting byte by byte takes more than twice
 * as long as everything else.  Loading GLib alone would make it a tenth slower.
 */
#include <assert.h>
#include <dbus/dbus.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "helper/bus/dbus-names.h"
#include "helper/bus/dispatcher-actions.h"

/* A test builds this with shorter ones. */
#ifndef CALL_TIMEOUT_MS
#define CALL_TIMEOUT_MS 5000
/* For what libdbus doesn't bound, which is a bus that accepts the connection and says nothing. */
#define LIFETIME_S 6
#endif
static_assert (CALL_TIMEOUT_MS < LIFETIME_S * 1000, "libdbus gives up first");

/* Of an error that is logged.  The rest is cut. */
#define REASON_BYTES 1024

/* Not DBUS_SYSTEM_BUS_ADDRESS, because the environment is not ours.  D-Bus Specification, "Well-known Message Bus
 * Instances"; /var/run is a link to /run. */
#define SYSTEM_BUS "unix:path=/run/dbus/system_bus_socket"

static const char *const actions[] = { DIVERT_DISPATCHER_ACTIONS };

static dbus_bool_t
is_action (const char *word)
{
  for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
    if (strcmp (word, actions[i]) == 0)
      return TRUE;
  return FALSE;
}

/* Makes one line of plain text, whoever wrote @text. */
static void
escape (const char *text,
        char        to[REASON_BYTES])
{
  size_t n = 0;

  for (; *text != '\0' && n + sizeof "\\ooo" <= REASON_BYTES; text++)
    {
      if (*text >= ' ' && *text <= '~' && *text != '\\')
        to[n++] = *text;
      else
        n += sprintf (to + n, "\\%03o", (unsigned char) *text);
    }
  to[n] = '\0';
}

static void
give_up (int number)
{
  static const char text[] = "nm-divert-hook: no answer in time\n";

  /* If nobody takes the text, there is nothing we can do. */
  (void) !write (STDERR_FILENO, text, sizeof text - 1);
  _exit (0);
}

/* FALSE with error set, or unset if memory ran out. */
static dbus_bool_t
refresh (const char *action,
         DBusError  *error)
{
  DBusConnection *bus;
  DBusMessage *call, *answer = NULL;

  bus = dbus_connection_open_private (SYSTEM_BUS, error);
  if (bus == NULL)
    return FALSE;

  call = dbus_message_new_method_call (DIVERT_DBUS_NAME, DIVERT_DBUS_PATH, DIVERT_DBUS_INTERFACE, "Refresh");
  /* The bus starts the helper if it isn't running. */
  if (call != NULL &&
      dbus_message_append_args (call, DBUS_TYPE_STRING, &action, DBUS_TYPE_INVALID) &&
      dbus_bus_register (bus, error))
    {
      /* libdbus would end us with status 1 when the bus goes away. */
      dbus_connection_set_exit_on_disconnect (bus, FALSE);
      answer = dbus_connection_send_with_reply_and_block (bus, call, CALL_TIMEOUT_MS, error);
    }

  if (call != NULL)
    dbus_message_unref (call);
  dbus_connection_close (bus);
  dbus_connection_unref (bus);
  if (answer == NULL)
    return FALSE;
  dbus_message_unref (answer);
  return TRUE;
}

int
main (int    argc,
      char **argv)
{
  DBusError error = DBUS_ERROR_INIT;

  clearenv ();
  signal (SIGALRM, give_up);
  alarm (LIFETIME_S);
  /* If there is no syslog, whoever started us may be listening. */
  openlog ("nm-divert-hook", LOG_PID | (access ("/dev/log", W_OK) == 0 ? 0 : LOG_PERROR), LOG_DAEMON);

  if (argc < 3 || !is_action (argv[2]))
    {
      syslog (LOG_INFO, "not an event of NetworkManager's: ignored");
      return 0;
    }

  if (!refresh (argv[2], &error))
    {
      char reason[REASON_BYTES];

      escape (dbus_error_is_set (&error) ? error.message : "out of memory", reason);
      syslog (LOG_WARNING, "%s: the rules were not looked at: %s", argv[2], reason);
      dbus_error_free (&error);
    }
  return 0;
}
