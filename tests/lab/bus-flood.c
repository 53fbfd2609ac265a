/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bus-flood SECONDS [METHOD [DESCRIPTORS]]: calls the helper for this long, always with as many calls under way as the
 * bus allows one connection, and with this many file descriptors in each. Prints how many calls there were, how many of
 * those that change something succeeded, and how many the bus refused.
 */
#include <fcntl.h>
#include <gio/gio.h>
#include <gio/gunixfdlist.h>

/* Below the bus's max_replies_per_connection. */
#define IN_FLIGHT 100

typedef struct
{
  const char *method;
  const char *arguments; /* GVariant text */
  gboolean    changes;
} Call;

static const Call calls[] = {
  { "Switch", "('away', @t 0, false)", TRUE },
  { "Status", "()", FALSE },
  { "Switch", "('off', @t 0, false)", TRUE },
  { "Preview", "('home', '')", FALSE },
  { "Reload", "()", TRUE },
  { "Explain", "('192.168.22.2', @u 80, 'tcp')", FALSE },
};

/* Called only if requested. */
static const Call further_calls[] = {
  { "Plan", "('',)", FALSE },
  { "ExplainFlow", "('127.0.0.1', @u 5000, '127.0.0.1', @u 6000, 'udp')", FALSE },
  { "Refresh", "('manual',)", FALSE },
};

static const Call *chosen = calls;
static guint n_chosen = G_N_ELEMENTS (calls);
static GUnixFDList *descriptors; /* NULL: none */
static guint n_sent, n_under_way, n_changed, n_refused;
static gint64 end;

static void send_next (GDBusConnection *bus);

static void
on_answer (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  const Call *call = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) answer = g_dbus_connection_call_with_unix_fd_list_finish (G_DBUS_CONNECTION (source), NULL,
                                                                                result, &error);

  n_under_way--;
  n_refused += g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED);
  n_changed += call->changes && answer != NULL;
  if (g_get_monotonic_time () < end)
    send_next (G_DBUS_CONNECTION (source));
}

static void
send_next (GDBusConnection *bus)
{
  const Call *call = &chosen[n_sent++ % n_chosen];

  n_under_way++;
  g_dbus_connection_call_with_unix_fd_list (bus, "org.nmdivert.Helper1", "/org/nmdivert/Helper1",
                                            "org.nmdivert.Helper1", call->method,
                                            g_variant_new_parsed (call->arguments), NULL, G_DBUS_CALL_FLAGS_NONE, 30000,
                                            descriptors, NULL, on_answer, (gpointer) call);
}

static void
choose (const Call *list,
        guint       n,
        const char *method)
{
  for (guint i = 0; i < n; i++)
    if (g_str_equal (list[i].method, method))
      {
        chosen = &list[i];
        n_chosen = 1;
      }
}

static void
take_descriptors (guint n)
{
  const int fd = open ("/dev/null", O_RDONLY | O_CLOEXEC);

  descriptors = g_unix_fd_list_new ();
  for (guint i = 0; i < n; i++)
    g_unix_fd_list_append (descriptors, fd, NULL);
}

int
main (int argc, char **argv)
{
  gint64 seconds = argc > 1 ? g_ascii_strtoll (argv[1], NULL, 10) : 1;
  g_autoptr(GError) error = NULL;
  g_autoptr(GDBusConnection) bus = g_bus_get_sync (G_BUS_TYPE_SYSTEM, NULL, &error);

  if (bus == NULL)
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }
  if (argc > 2)
    {
      choose (calls, G_N_ELEMENTS (calls), argv[2]);
      choose (further_calls, G_N_ELEMENTS (further_calls), argv[2]);
    }
  if (argc > 3)
    take_descriptors (g_ascii_strtoull (argv[3], NULL, 10));
  end = g_get_monotonic_time () + seconds * G_USEC_PER_SEC;
  while (n_under_way < IN_FLIGHT)
    send_next (bus);
  while (n_under_way > 0)
    g_main_context_iteration (NULL, TRUE);
  g_print ("%u calls, %u changed something, %u refused\n", n_sent, n_changed, n_refused);
  return 0;
}
