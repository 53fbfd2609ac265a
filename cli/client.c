/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls to the helper, and the table from D-Bus errors to exit codes.
 */
#include "divert-config.h"

#include "client.h"

#include <glib/gi18n.h>

#include "agent.h"
#include "bus/dbus-names.h"
#include "printable.h"

/* A call that only reads is answered at once, but the first one also starts the helper, which then waits for
 * NetworkManager. */
#define READ_TIMEOUT_MS 30000

#define NO_REPLY "org.freedesktop.DBus.Error.NoReply"

typedef struct
{
  const char     *name; /* D-Bus error; a trailing '.' matches all names that begin with this */
  DivertExitCode  code;
} ErrorExit;

static const ErrorExit exits[] = {
  { DIVERT_DBUS_ERROR_NOT_AUTHORIZED, DIVERT_EXIT_NOT_AUTHORIZED },
  { "org.freedesktop.DBus.Error.AccessDenied", DIVERT_EXIT_NOT_AUTHORIZED },
  { "org.freedesktop.DBus.Error.ServiceUnknown", DIVERT_EXIT_UNREACHABLE },
  { "org.freedesktop.DBus.Error.NameHasNoOwner", DIVERT_EXIT_UNREACHABLE },
  { NO_REPLY, DIVERT_EXIT_UNREACHABLE },
  { "org.freedesktop.DBus.Error.Timeout", DIVERT_EXIT_UNREACHABLE },
  { "org.freedesktop.DBus.Error.TimedOut", DIVERT_EXIT_UNREACHABLE },
  { "org.freedesktop.DBus.Error.Disconnected", DIVERT_EXIT_UNREACHABLE },
  { "org.freedesktop.DBus.Error.Spawn.", DIVERT_EXIT_UNREACHABLE },
  /* systemd sends this when it can't start the unit. */
  { "org.freedesktop.systemd1.", DIVERT_EXIT_UNREACHABLE },
};

GDBusConnection *
divert_client_connect (GError **error)
{
  GDBusConnection *bus = g_bus_get_sync (G_BUS_TYPE_SYSTEM, NULL, error);

  /* If the bus goes away, the call under way fails with our exit code. The process must not just exit silently. */
  if (bus)
    g_dbus_connection_set_exit_on_close (bus, FALSE);
  return bus;
}

gboolean
divert_client_error_is (const GError *error,
                        const char   *name)
{
  g_autofree char *remote = error ? g_dbus_error_get_remote_error (error) : NULL;

  return g_strcmp0 (remote, name) == 0;
}

static GVariant *
call (GDBusConnection    *bus,
      const char         *method,
      GVariant           *arguments,
      const GVariantType *reply_type,
      GDBusCallFlags      flags,
      int                 timeout_ms,
      GError            **error)
{
  return g_dbus_connection_call_sync (bus, DIVERT_DBUS_NAME, DIVERT_DBUS_PATH, DIVERT_DBUS_INTERFACE, method, arguments,
                                      reply_type, flags, timeout_ms, NULL, error);
}

/* The bus says so of a helper that ended before it answered, for example because it is being restarted.  Then the bus
 * knows of the next one. */
static GVariant *
ask (GDBusConnection    *bus,
     const char         *method,
     GVariant           *arguments,
     const GVariantType *reply_type,
     GError            **error)
{
  g_autoptr(GVariant) kept = arguments ? g_variant_ref_sink (arguments) : NULL;
  g_autoptr(GError) first = NULL;
  GVariant *reply = call (bus, method, kept, reply_type, G_DBUS_CALL_FLAGS_NONE, READ_TIMEOUT_MS, &first);

  if (reply)
    return reply;
  if (divert_client_error_is (first, NO_REPLY))
    return call (bus, method, kept, reply_type, G_DBUS_CALL_FLAGS_NONE, READ_TIMEOUT_MS, error);
  g_propagate_error (error, g_steal_pointer (&first));
  return NULL;
}

GVariant *
divert_client_call (GDBusConnection    *bus,
                    DivertCallKind      kind,
                    const char         *method,
                    GVariant           *arguments,
                    const GVariantType *reply_type,
                    GError            **error)
{
  g_autoptr(DivertAgent) agent = NULL;

  if (kind == DIVERT_CALL_READS)
    return ask (bus, method, arguments, reply_type, error);
  agent = divert_agent_start ();
  /* Nobody knows how long a person takes to find the password. */
  return call (bus, method, arguments, reply_type, G_DBUS_CALL_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION, G_MAXINT, error);
}

GVariant *
divert_client_get (GDBusConnection *bus,
                   const char      *method,
                   GVariant        *arguments,
                   GError         **error)
{
  g_autoptr(GVariant) reply = divert_client_call (bus, DIVERT_CALL_READS, method, arguments,
                                                   G_VARIANT_TYPE ("(a{sv})"), error);

  return reply ? g_variant_get_child_value (reply, 0) : NULL;
}

static DivertExitCode
code_of (const char *remote)
{
  if (!remote)
    /* There was no answer at all: no bus, a closed connection, or our own time limit. */
    return DIVERT_EXIT_UNREACHABLE;
  for (gsize i = 0; i < G_N_ELEMENTS (exits); i++)
    if (g_str_has_suffix (exits[i].name, ".") ? g_str_has_prefix (remote, exits[i].name)
                                               : g_str_equal (remote, exits[i].name))
      return exits[i].code;
  return DIVERT_EXIT_FAILED;
}

DivertExitCode
divert_client_report (const GError *error)
{
  g_autofree char *remote = g_dbus_error_get_remote_error (error);
  g_autoptr(GError) plain = g_error_copy (error);
  g_autofree char *shown = NULL;
  DivertExitCode code = code_of (remote);

  g_dbus_error_strip_remote_error (plain);
  shown = divert_printable (plain->message, DIVERT_PRINTABLE_LINE);
  switch (code)
    {
    case DIVERT_EXIT_NOT_AUTHORIZED:
      /* polkit gives no reasons, the bus does. */
      if (divert_client_error_is (error, DIVERT_DBUS_ERROR_NOT_AUTHORIZED))
        divert_command_complain (_("not authorised"));
      else
        divert_command_complain (_("not authorised: %s"), shown);
      break;
    case DIVERT_EXIT_UNREACHABLE:
      divert_command_complain (_("the helper cannot be reached: %s"), shown);
      break;
    default:
      divert_command_complain ("%s", shown);
      break;
    }
  return code;
}
