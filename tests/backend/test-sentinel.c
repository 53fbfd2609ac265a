/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When the sentinel kills, with real links, and when it doesn't (sentinel-fixture.h). */
#include "namespace.h"
#include "sentinel-fixture.h"

#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* So that a busy machine doesn't delay it, nor what it starts from now on. */
static void
set_urgent (int      pid,
            gboolean urgent)
{
  const struct sched_param param = { .sched_priority = urgent };

  sched_setscheduler (pid, urgent ? SCHED_RR : SCHED_OTHER, &param);
}

static void
test_no_reaction (void)
{
  static const char *const losses[] = { "far0 down", "up0 down", "far0 down; ip link set far0 up" };

  for (guint i = 0; i < 2 * G_N_ELEMENTS (losses); i++)
    {
      const char *loss = losses[i / 2];
      const gboolean stopped = i % 2;
      SentinelHelper helper;

      g_test_message ("%s, %s", loss, stopped ? "stopped" : "running");
      sentinel_fixture_start (&helper);
      sentinel_fixture_tell (&helper, "10");
      if (stopped)
        kill (helper.pid, SIGSTOP);
      test_run ("ip link set %s", loss);
      sentinel_fixture_assert_killed (&helper, "up0", NULL);
    }
}

/* The order comes behind the loss. */
static void
test_late_order (void)
{
  SentinelHelper helper;

  sentinel_fixture_start (&helper);
  sentinel_fixture_tell (&helper, "k1");
  test_run ("ip link set far0 down; ip link set far0 up");
  sentinel_fixture_tell (&helper, "=");
  sentinel_fixture_assert_killed (&helper, "up0", NULL);
}

/* A helper that reacts is left alone.  It is killed for what happens after that. */
static void
test_reaction (void)
{
  SentinelHelper helper;

  set_urgent (0, TRUE);
  sentinel_fixture_start (&helper);
  for (guint i = 0; i < 5; i++)
    {
      sentinel_fixture_tell (&helper, "0");
      test_run ("ip link set far0 down");
      sentinel_fixture_tell (&helper, i % 2 ? "n" : "0");
      test_run ("ip link set far0 up");
      sentinel_fixture_tell (&helper, "n");
      test_wait_for_operstate ("up0", "UP");
    }
  sentinel_fixture_tell (&helper, "1");
  test_run ("ip link set far0 down; ip link set far1 down");
  sentinel_fixture_assert_killed (&helper, "up1", NULL);
  set_urgent (0, FALSE);
}

/* A helper that knows of the loss may take its time, but it must not be stopped. */
static void
test_tripped (void)
{
  SentinelHelper helper;

  set_urgent (0, TRUE);
  sentinel_fixture_start (&helper);
  sentinel_fixture_tell (&helper, "0");
  test_run ("ip link set far0 down");
  sentinel_fixture_tell (&helper, "t");
  g_usleep (1300 * G_TIME_SPAN_MILLISECOND);
  sentinel_fixture_tell (&helper, "t");
  kill (helper.pid, SIGSTOP);
  sentinel_fixture_assert_killed (&helper, "up0", NULL);
  set_urgent (0, FALSE);
}

/* A Wi-Fi device is dormant until its handshake is complete (K4.2), which is no change of its carrier.  The kernel says
 * so while nothing is watched, and the sentinel reads it after the order.  The helper is stopped, so it would not live
 * for long. */
static void
test_old_notification (void)
{
  SentinelHelper helper;

  sentinel_fixture_start (&helper);
  for (guint i = 0; i < 5; i++)
    {
      test_run ("ip link set up0 mode dormant state dormant; ip link set up0 mode default state up");
      test_wait_for_operstate ("up0", "UP");
      sentinel_fixture_tell (&helper, "0");
      kill (helper.pid, SIGSTOP);
      g_usleep (150 * G_TIME_SPAN_MILLISECOND);
      kill (helper.pid, SIGCONT);
      sentinel_fixture_tell (&helper, "n");
    }
  sentinel_fixture_tell (&helper, "1");
  test_run ("ip link set far1 down");
  sentinel_fixture_assert_killed (&helper, "up1", NULL);
}

/* Each of the links counts, and each is named. */
static void
test_two_links (void)
{
  SentinelHelper helper;

  sentinel_fixture_start (&helper);
  sentinel_fixture_tell (&helper, "2");
  test_run ("ip link set up1 down");
  sentinel_fixture_assert_killed (&helper, "up0", "up1");
}

/* One thread, and no other of the same process. */
static void
attach (int thread)
{
  g_assert_no_errno (ptrace (PTRACE_ATTACH, thread, NULL, NULL));
  g_assert_cmpint (waitpid (thread, NULL, __WALL), ==, thread);
}

static gint64
time_death (gboolean traced)
{
  SentinelHelper helper;
  gint64 lost;

  sentinel_fixture_start (&helper);
  sentinel_fixture_tell (&helper, "0");
  if (traced)
    attach (helper.pid);
  else
    kill (helper.pid, SIGSTOP);
  lost = g_get_monotonic_time ();
  /* The kernel reports this at once. */
  test_run ("ip link set up0 down");
  sentinel_fixture_assert_killed (&helper, "up0", NULL);
  return g_get_monotonic_time () - lost;
}

/* One that has been stopped, or that a debugger holds, is not given the second that others have.  The tries differ by
 * what else the machine does. */
static void
test_soon (void)
{
  for (guint traced = 0; traced < 2; traced++)
    {
      gint64 best = G_MAXINT64;

      for (guint i = 0; i < 5 && best >= G_TIME_SPAN_SECOND / 2; i++)
        best = MIN (best, time_death (traced));
      g_assert_cmpint (best, <, G_TIME_SPAN_SECOND / 2);
    }
}

/* FALSE: it was stopped for longer than it should. */
static gboolean
stop_briefly (const SentinelHelper *helper)
{
  gboolean brief = TRUE;

  for (guint i = 0; i < 12; i++)
    {
      const gint64 began = g_get_monotonic_time ();

      kill (helper->pid, SIGSTOP);
      g_usleep (8 * G_TIME_SPAN_MILLISECOND);
      kill (helper->pid, SIGCONT);
      brief &= g_get_monotonic_time () - began < 15 * G_TIME_SPAN_MILLISECOND;
      g_usleep (30 * G_TIME_SPAN_MILLISECOND);
    }
  return brief;
}

/* Again and again, but never for so many looks as make it no good. */
static void
test_stopped_briefly (void)
{
  SentinelHelper helper;

  set_urgent (0, TRUE);
  for (guint tries = 0;; tries++)
    {
      g_assert_cmpuint (tries, <, 50);
      sentinel_fixture_start (&helper);
      sentinel_fixture_tell (&helper, "0");
      test_run ("ip link set up0 down");
      sentinel_fixture_tell (&helper, "t");
      set_urgent (helper.pid, FALSE);
      if (stop_briefly (&helper))
        break;
      kill (helper.pid, SIGKILL);
      sentinel_fixture_finish (&helper, (guint[2]) { 0 });
    }
  sentinel_fixture_tell (&helper, "1");
  test_run ("ip link set up1 down");
  sentinel_fixture_assert_killed (&helper, "up1", NULL);
  set_urgent (0, FALSE);
}

/* A tracer stops it at each system call.  Once the tripwire has tripped, that isn't counted. */
static void
test_traced (void)
{
  SentinelHelper helper;

  set_urgent (0, TRUE);
  sentinel_fixture_start (&helper);
  sentinel_fixture_tell (&helper, "0");
  test_run ("ip link set up0 down");
  sentinel_fixture_tell (&helper, "t");
  attach (helper.pid);
  g_usleep (300 * G_TIME_SPAN_MILLISECOND);
  g_assert_no_errno (ptrace (PTRACE_DETACH, helper.pid, NULL, NULL));
  sentinel_fixture_tell (&helper, "1");
  test_run ("ip link set up1 down");
  sentinel_fixture_assert_killed (&helper, "up1", NULL);
  set_urgent (0, FALSE);
}

/* On a busy machine the thread that takes the orders may stand still, while the other one doesn't.  The helper has
 * reacted all the same. */
static void
test_waiting_order (void)
{
  SentinelHelper helper;
  int sentinel;

  set_urgent (0, TRUE);
  sentinel_fixture_start (&helper);
  sentinel_fixture_tell (&helper, "0");
  sentinel = sentinel_fixture_get_pid (&helper);
  attach (sentinel);
  test_run ("ip link set up0 down");
  sentinel_fixture_tell (&helper, "tn");
  g_usleep (1300 * G_TIME_SPAN_MILLISECOND);
  sentinel_fixture_tell (&helper, "1");
  g_assert_no_errno (ptrace (PTRACE_DETACH, sentinel, NULL, NULL));
  test_run ("ip link set up1 down");
  sentinel_fixture_assert_killed (&helper, "up1", NULL);
  set_urgent (0, FALSE);
}

static void
rename_link (const char *from,
             const char *to)
{
  struct ifreq request = { 0 };
  const int sock = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

  g_strlcpy (request.ifr_name, from, sizeof request.ifr_name);
  g_strlcpy (request.ifr_newname, to, sizeof request.ifr_newname);
  g_assert_no_errno (ioctl (sock, SIOCSIFNAME, &request));
  close (sock);
}

/* A link with another name is another link, until it has its own again. */
static void
test_as_it_was (void)
{
  SentinelHelper helper;

  set_urgent (0, TRUE);
  sentinel_fixture_start (&helper);
  sentinel_fixture_tell (&helper, "0");
  rename_link ("up0", "away");
  g_usleep (100 * G_TIME_SPAN_MILLISECOND);
  rename_link ("away", "up0");
  g_usleep (1300 * G_TIME_SPAN_MILLISECOND);
  sentinel_fixture_tell (&helper, "1");
  test_run ("ip link set up1 down");
  sentinel_fixture_assert_killed (&helper, "up1", NULL);
  set_urgent (0, FALSE);
}

/* The service manager's signals go to each process of the unit. */
static void
test_signals (void)
{
  static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
  SentinelHelper helper;
  int sentinel;

  sentinel_fixture_start (&helper);
  sentinel = sentinel_fixture_get_pid (&helper);
  sentinel_fixture_tell (&helper, "0");
  for (guint i = 0; i < G_N_ELEMENTS (signals); i++)
    g_assert_no_errno (kill (sentinel, signals[i]));
  test_run ("ip link set up0 down");
  sentinel_fixture_assert_killed (&helper, "up0", NULL);
}

/* It is stopped, and so doesn't take its orders.  The helper goes on. */
static void
test_not_waited_for (void)
{
  SentinelHelper helper;
  int sentinel;

  sentinel_fixture_start (&helper);
  sentinel = sentinel_fixture_get_pid (&helper);
  g_assert_no_errno (kill (sentinel, SIGSTOP));
  for (guint i = 0; i < 2000; i++)
    sentinel_fixture_tell (&helper, "n");
  g_assert_no_errno (kill (sentinel, SIGCONT));
  kill (helper.pid, SIGKILL);
  g_assert_cmpint (sentinel_fixture_finish (&helper, (guint[2]) { 0 }), ==, SIGKILL);
}

static void
test_ends (void)
{
  static const int signals[] = { SIGKILL, SIGTERM, 0 };

  for (guint i = 0; i < G_N_ELEMENTS (signals); i++)
    {
      SentinelHelper helper;
      guint links[2];

      sentinel_fixture_start (&helper);
      sentinel_fixture_tell (&helper, "0");
      if (signals[i] != 0)
        kill (helper.pid, signals[i]);
      else
        shutdown (helper.letters, SHUT_WR);
      g_assert_cmpint (sentinel_fixture_finish (&helper, links), ==, signals[i]);
      g_assert_cmpuint (links[0], ==, 0);
    }
}

int
main (int   argc,
      char *argv[])
{
  test_needs_namespaces ();
  test_needs ("ip", NULL);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sentinel/no-reaction", test_no_reaction);
  g_test_add_func ("/sentinel/late-order", test_late_order);
  g_test_add_func ("/sentinel/reaction", test_reaction);
  g_test_add_func ("/sentinel/tripped", test_tripped);
  g_test_add_func ("/sentinel/old-notification", test_old_notification);
  g_test_add_func ("/sentinel/two-links", test_two_links);
  g_test_add_func ("/sentinel/soon", test_soon);
  g_test_add_func ("/sentinel/stopped-briefly", test_stopped_briefly);
  g_test_add_func ("/sentinel/traced", test_traced);
  g_test_add_func ("/sentinel/waiting-order", test_waiting_order);
  g_test_add_func ("/sentinel/as-it-was", test_as_it_was);
  g_test_add_func ("/sentinel/signals", test_signals);
  g_test_add_func ("/sentinel/not-waited-for", test_not_waited_for);
  g_test_add_func ("/sentinel/ends", test_ends);
  return g_test_run ();
}
