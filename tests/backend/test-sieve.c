/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the bus brings to the helper: nobody's file descriptors, but those that it asked for, and no long call.
 */
#include <fcntl.h>
#include <gio/gunixfdlist.h>
#include <poll.h>
#include <unistd.h>

#include "bus/sieve.h"
#include "private-system.h"

#define NAME "org.nmdivert.Helper1"
#define PATH "/org/nmdivert/Helper1"
/* Somebody whom the helper calls. */
#define OTHER "org.nmdivert.Other"
#define CALLS 20
/* The bus allows no more of them in a message. */
#define FDS 16

static const char xml[] = "<node><interface name='" NAME "'>"
                          "<method name='Plan'><arg type='s'/></method>"
                          "<method name='Inhibit'/>"
                          "<signal name='Changed'/>"
                          "</interface></node>";

static struct
{
  GDBusConnection *helper; /* with a sieve */
  GDBusConnection *caller;
  GPtrArray       *waiting; /* GDBusMethodInvocation; none of them is answered */
  guint            done;
  guint            failed;
  guint            told;
} self;

static void
on_kept_back (gpointer user_data)
{
  self.told++;
}

static gboolean
was_told (gpointer user_data)
{
  return self.told > 0;
}

static void
on_call (GDBusConnection       *bus,
         const char            *sender,
         const char            *path,
         const char            *interface,
         const char            *method,
         GVariant              *parameters,
         GDBusMethodInvocation *invocation,
         gpointer               user_data)
{
  g_ptr_array_add (self.waiting, invocation);
}

static gboolean
wait_for_calls (gpointer user_data)
{
  return self.waiting->len >= GPOINTER_TO_UINT (user_data);
}

static void
answer_all (void)
{
  for (guint i = 0; i < self.waiting->len; i++)
    g_dbus_method_invocation_return_value (g_ptr_array_index (self.waiting, i), NULL);
  g_ptr_array_set_size (self.waiting, 0);
}

static void
on_answer (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GDBusMessage) reply = g_dbus_connection_send_message_with_reply_finish (G_DBUS_CONNECTION (source), result,
                                                                                    &error);

  g_assert_no_error (error);
  if (!g_dbus_message_to_gerror (reply, &error))
    self.done++;
  else
    {
      g_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_LIMITS_EXCEEDED);
      self.failed++;
    }
}

static gboolean
wait_for_answers (gpointer user_data)
{
  return self.done + self.failed >= GPOINTER_TO_UINT (user_data);
}

static GDBusMessage *
call_new (const char *path,
          gsize       length)
{
  GDBusMessage *message = g_dbus_message_new_method_call (NAME, path, NAME, "Plan");
  g_autofree char *text = g_strnfill (length, 'x');

  g_dbus_message_set_body (message, g_variant_new ("(s)", text));
  return message;
}

static void
send_call (GDBusMessage *message)
{
  g_dbus_connection_send_message_with_reply (self.caller, message, G_DBUS_SEND_MESSAGE_FLAGS_NONE, -1, NULL, NULL,
                                             on_answer, NULL);
}

static void
attach (GDBusMessage *message,
        int           fd)
{
  g_autoptr(GUnixFDList) list = g_unix_fd_list_new ();

  for (guint i = 0; i < FDS; i++)
    g_unix_fd_list_append (list, fd, NULL);
  g_dbus_message_set_unix_fd_list (message, list);
}

/* Nobody has the other end any more. */
static gboolean
is_closed (gpointer user_data)
{
  struct pollfd end = { .fd = GPOINTER_TO_INT (user_data) };

  return poll (&end, 1, 0) == 1 && (end.revents & POLLHUP) != 0;
}

/* Those of calls are closed although none of them has been answered. */
static void
test_descriptors (void)
{
  int ends[2];

  g_assert_no_errno (pipe2 (ends, O_CLOEXEC));
  for (guint i = 0; i < CALLS; i++)
    {
      g_autoptr(GDBusMessage) message = call_new (PATH, 4);

      attach (message, ends[1]);
      send_call (message);
    }
  close (ends[1]);
  g_assert_true (private_system_wait (wait_for_calls, GUINT_TO_POINTER (CALLS), 30000));
  g_assert_true (private_system_wait (is_closed, GINT_TO_POINTER (ends[0]), 30000));
  g_assert_cmpuint (self.waiting->len, ==, CALLS);
  answer_all ();
  g_assert_true (private_system_wait (wait_for_answers, GUINT_TO_POINTER (CALLS), 30000));
  g_assert_cmpuint (self.failed, ==, 0);
  close (ends[0]);
}

static void
on_signal (GDBusConnection *bus,
           const char      *sender,
           const char      *path,
           const char      *interface,
           const char      *name,
           GVariant        *parameters,
           gpointer         user_data)
{
  *(gboolean *) user_data = TRUE;
}

static gboolean
is_true (gpointer user_data)
{
  return *(const gboolean *) user_data;
}

/* Those of signals too, whoever is waiting for them.  This thread does not get to it before they are closed. */
static void
test_signal (void)
{
  g_autoptr(GDBusMessage) message = g_dbus_message_new_signal (PATH, NAME, "Changed");
  gboolean heard = FALSE;
  const guint id = g_dbus_connection_signal_subscribe (self.helper, NULL, NAME, "Changed", PATH, NULL,
                                                       G_DBUS_SIGNAL_FLAGS_NO_MATCH_RULE, on_signal, &heard, NULL);
  int ends[2];

  g_assert_no_errno (pipe2 (ends, O_CLOEXEC));
  g_dbus_message_set_destination (message, NAME);
  attach (message, ends[1]);
  g_dbus_connection_send_message (self.caller, message, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, NULL);
  close (ends[1]);
  g_clear_object (&message);
  for (guint i = 0; i < 3000 && !is_closed (GINT_TO_POINTER (ends[0])); i++)
    g_usleep (10000);
  g_assert_true (is_closed (GINT_TO_POINTER (ends[0])));
  g_assert_true (private_system_wait (is_true, &heard, 30000));
  g_assert_true (private_system_wait (was_told, NULL, 30000));
  g_dbus_connection_signal_unsubscribe (self.helper, id);
  close (ends[0]);
}

static void
on_inhibited (GObject      *source,
              GAsyncResult *result,
              gpointer      user_data)
{
  GUnixFDList **list = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = g_dbus_connection_call_with_unix_fd_list_finish (G_DBUS_CONNECTION (source), list, result,
                                                                               &error);

  g_assert_no_error (error);
}

static gboolean
has_list (gpointer user_data)
{
  return *(GUnixFDList **) user_data != NULL;
}

/* As logind's lock: what answers a call of our own gets through. */
static void
test_answer (void)
{
  static const GDBusInterfaceVTable vtable = { on_call, NULL, NULL, { 0 } };
  g_autoptr(GUnixFDList) lock = g_unix_fd_list_new ();
  g_autoptr(GUnixFDList) received = NULL;
  int ends[2];

  g_assert_no_errno (pipe2 (ends, O_CLOEXEC));
  private_system_export (self.caller, xml, NAME, PATH, &vtable, NULL);
  g_dbus_connection_call_with_unix_fd_list (self.helper, OTHER, PATH, NAME, "Inhibit", NULL, NULL,
                                            G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, on_inhibited, &received);
  g_assert_true (private_system_wait (wait_for_calls, GUINT_TO_POINTER (1), 30000));
  g_unix_fd_list_append (lock, ends[1], NULL);
  close (ends[1]);
  g_dbus_method_invocation_return_value_with_unix_fd_list (g_ptr_array_index (self.waiting, 0), NULL, lock);
  g_ptr_array_set_size (self.waiting, 0);
  g_assert_true (private_system_wait (has_list, &received, 30000));
  g_clear_object (&lock);
  g_assert_cmpint (g_unix_fd_list_get_length (received), ==, 1);
  g_assert_false (is_closed (GINT_TO_POINTER (ends[0])));
  g_clear_object (&received);
  g_assert_true (private_system_wait (is_closed, GINT_TO_POINTER (ends[0]), 30000));
  close (ends[0]);
}

static void
test_length (void)
{
  g_autofree char *name = g_strnfill (DIVERT_SIEVE_MAX_BYTES, 'x');
  g_autofree char *path = g_strconcat ("/", name, NULL);
  g_autoptr(GDBusMessage) short_call = call_new (PATH, DIVERT_SIEVE_MAX_BYTES / 2);
  g_autoptr(GDBusMessage) long_call = call_new (PATH, DIVERT_SIEVE_MAX_BYTES);
  g_autoptr(GDBusMessage) huge_call = call_new (PATH, 20 * 1000 * 1000);
  g_autoptr(GDBusMessage) unanswered = call_new (PATH, DIVERT_SIEVE_MAX_BYTES);
  g_autoptr(GDBusMessage) long_path = call_new (path, 4);

  g_dbus_message_set_flags (unanswered, G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED);
  g_dbus_connection_send_message (self.caller, unanswered, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, NULL);
  send_call (long_call);
  send_call (huge_call);
  send_call (long_path);
  send_call (short_call);
  g_assert_true (private_system_wait (wait_for_answers, GUINT_TO_POINTER (3), 30000));
  g_assert_cmpuint (self.failed, ==, 3);
  /* The last one sent, so nothing else is to come. */
  g_assert_true (private_system_wait (wait_for_calls, GUINT_TO_POINTER (1), 30000));
  g_assert_cmpuint (self.waiting->len, ==, 1);
  answer_all ();
  g_assert_true (private_system_wait (wait_for_answers, GUINT_TO_POINTER (4), 30000));
  g_assert_cmpuint (self.done, ==, 1);
  g_assert_true (private_system_wait (was_told, NULL, 30000));
}

static void
begin (gconstpointer test)
{
  self.done = self.failed = self.told = 0;
  ((void (*) (void)) test) ();
}

int
main (int    argc,
      char **argv)
{
  static const GDBusInterfaceVTable vtable = { on_call, NULL, NULL, { 0 } };

  test_needs_namespaces ();
  private_system_enter ();
  g_test_init (&argc, &argv, NULL);
  private_system_start_bus ("<policy user='root'><allow own='" OTHER "'/><allow send_destination='" OTHER "'/>"
                            "</policy>");
  self.waiting = g_ptr_array_new ();
  self.helper = private_system_connect ();
  self.caller = private_system_connect ();
  divert_sieve_put_into (self.helper, on_kept_back, NULL);
  private_system_export (self.helper, xml, NAME, PATH, &vtable, NULL);
  private_system_own_name (self.helper, NAME);
  private_system_own_name (self.caller, OTHER);
  g_test_add_data_func ("/sieve/descriptors", test_descriptors, begin);
  g_test_add_data_func ("/sieve/signal", test_signal, begin);
  g_test_add_data_func ("/sieve/answer", test_answer, begin);
  g_test_add_data_func ("/sieve/length", test_length, begin);
  return g_test_run ();
}
