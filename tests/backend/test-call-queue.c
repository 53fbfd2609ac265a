/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The queue of questions. A caller who asks more than his share gets an error. Whoever is waiting when the helper ends
 * is not forgotten.
 */
#include <signal.h>
#include <stdlib.h>

#include "bus/call-queue.h"
#include "private-system.h"

#define NAME "org.nmdivert.Helper1"
#define PATH "/org/nmdivert/Helper1"
/* One caller's share, and the share of all callers (call-queue.c). */
#define OF_CALLER 32
#define OF_ALL 256

static const char xml[] = "<node><interface name='" NAME "'><method name='Reload'/></interface></node>";

static struct
{
  DivertQuestions       *questions;
  guint                  heard;
  guint                  answered;
  DivertAnswer           answer;
  GDBusMethodInvocation *kept; /* to be answered later */
} self;

static void
answer (GDBusMethodInvocation *invocation,
        gpointer               user_data)
{
  self.answered++;
  g_dbus_method_invocation_return_value (invocation, NULL);
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
  self.heard++;
  divert_questions_add (self.questions, invocation, self.answer);
}

typedef struct
{
  GDBusConnection *bus;
  guint            done;
  guint            failed;
} Caller;

static void
on_answer (GObject      *bus,
           GAsyncResult *result,
           gpointer      user_data)
{
  Caller *caller = user_data;
  g_autoptr(GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (bus), result, NULL);

  if (reply != NULL)
    caller->done++;
  else
    caller->failed++;
}

static void
ask (Caller *caller,
     guint   times)
{
  if (caller->bus == NULL)
    caller->bus = private_system_connect ();
  for (guint i = 0; i < times; i++)
    g_dbus_connection_call (caller->bus, NAME, PATH, NAME, "Reload", NULL, NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL,
                            on_answer, caller);
}

static gboolean
has_heard (gpointer user_data)
{
  return self.heard >= GPOINTER_TO_UINT (user_data);
}

static gboolean
has_ended (gpointer user_data)
{
  const Caller *caller = user_data;

  return caller->done + caller->failed >= OF_CALLER + 10;
}

static void
begin (void)
{
  self.questions = divert_questions_new (NULL);
  self.heard = self.answered = 0;
  self.answer = answer;
}

/* Questions wait until there is something to answer from. One caller gets his share of the queue and no more. */
static void
test_share (void)
{
  Caller caller = { NULL, 0, 0 };

  begin ();
  ask (&caller, OF_CALLER + 10);
  g_assert_true (private_system_wait (has_heard, GUINT_TO_POINTER (OF_CALLER + 10), 30000));
  g_assert_cmpuint (self.answered, ==, 0);
  divert_questions_open (self.questions);
  g_assert_true (private_system_wait (has_ended, &caller, 30000));
  g_assert_cmpuint (caller.done, ==, OF_CALLER);
  g_assert_cmpuint (caller.failed, ==, 10);
  g_assert_cmpuint (self.answered, ==, OF_CALLER);
  divert_questions_free (self.questions);
  g_object_unref (caller.bus);
}

static gboolean
have_all_failed (gpointer user_data)
{
  const Caller *callers = user_data;
  guint failed = 0;

  for (guint i = 0; i <= OF_ALL / OF_CALLER; i++)
    failed += callers[i].failed;
  return failed >= OF_CALLER;
}

/* Many callers share one queue. Questions in it are dropped when the helper ends, and nothing is answered after
 * that. */
static void
test_free_with_questions (void)
{
  Caller callers[OF_ALL / OF_CALLER + 1] = { { NULL, 0, 0 } };

  begin ();
  for (guint i = 0; i < G_N_ELEMENTS (callers); i++)
    ask (&callers[i], OF_CALLER);
  g_assert_true (private_system_wait (has_heard, GUINT_TO_POINTER (OF_ALL + OF_CALLER), 30000));
  /* Questions beyond the queue's limit get an error at once. */
  g_assert_true (private_system_wait (have_all_failed, callers, 30000));
  divert_questions_open (self.questions);
  divert_questions_free (self.questions);
  for (guint i = 0; i < 50; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (self.answered, ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (callers); i++)
    g_dbus_connection_close_sync (callers[i].bus, NULL, NULL);
}

static void
answer_later (GDBusMethodInvocation *invocation,
              gpointer               user_data)
{
  self.answered++;
  self.kept = invocation;
  divert_questions_wait (self.questions);
}

static gboolean
is_kept (gpointer user_data)
{
  return self.kept != NULL;
}

static gboolean
have_three (gpointer user_data)
{
  return ((const Caller *) user_data)->done == 3;
}

/* While one question waits for its answer, no other is served, whoever asks it. */
static void
test_later (void)
{
  Caller caller = { NULL, 0, 0 };

  begin ();
  self.answer = answer_later;
  divert_questions_open (self.questions);
  ask (&caller, 3);
  for (guint i = 1; i <= 3; i++)
    {
      GDBusMethodInvocation *kept;

      g_assert_true (private_system_wait (is_kept, NULL, 30000));
      g_assert_true (private_system_wait (has_heard, GUINT_TO_POINTER (3), 30000));
      divert_questions_open (self.questions);
      for (guint turn = 0; turn < 50; turn++)
        g_main_context_iteration (NULL, FALSE);
      g_assert_cmpuint (self.answered, ==, i);
      kept = g_steal_pointer (&self.kept);
      g_dbus_method_invocation_return_value (kept, NULL);
      divert_questions_go_on (self.questions);
    }
  g_assert_true (private_system_wait (have_three, &caller, 30000));
  divert_questions_free (self.questions);
  g_object_unref (caller.bus);
}

int
main (int    argc,
      char **argv)
{
  static const GDBusInterfaceVTable vtable = { on_call, NULL, NULL, { 0 } };
  g_autoptr(GDBusConnection) helper = NULL;

  test_needs_namespaces ();
  test_needs ("dbus-daemon", NULL);
  private_system_enter ();
  g_test_init (&argc, &argv, NULL);
  private_system_start_bus (NULL);
  helper = private_system_connect ();
  private_system_export (helper, xml, NAME, PATH, &vtable, NULL);
  private_system_own_name (helper, NAME);
  g_test_add_func ("/call-queue/share", test_share);
  g_test_add_func ("/call-queue/later", test_later);
  g_test_add_func ("/call-queue/free-with-questions", test_free_with_questions);
  return g_test_run ();
}
