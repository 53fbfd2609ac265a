/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Real listeners come and go: when the watch says so, and that nothing else wakes it.
 */
#include "namespace.h"
#include "system/sources/proxy-listener.h"
#include "system/sources/proxy-watch.h"

#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT 22223
#define GID 23333
#define FAR_MS 60000
#define PATIENCE_MS 30000

typedef struct
{
  DivertProxyWatch *watch;
  guint             changes;
  const char       *expected; /* for wait_for() */
  int               fd;
} Fixture;

static void
on_changed (gpointer user_data)
{
  ((Fixture *) user_data)->changes++;
}

/* Only its timer may bring it to look, unless something wakes it. */
static const DivertProxyPace patient = { .quick_ms = FAR_MS, .slow_ms = FAR_MS, .hopeful_ms = 0, .apart_ms = 0,
                                         .asked_ms = FAR_MS };
static const DivertProxyPace eager = { .quick_ms = 5, .slow_ms = FAR_MS, .hopeful_ms = 0, .apart_ms = 1,
                                       .asked_ms = FAR_MS };
static const DivertProxyPace once = { .quick_ms = FAR_MS, .slow_ms = FAR_MS, .hopeful_ms = 0, .apart_ms = FAR_MS,
                                      .asked_ms = FAR_MS };
static const DivertProxyPace busy = { .quick_ms = 5, .slow_ms = 5, .hopeful_ms = 0, .apart_ms = 0,
                                      .asked_ms = FAR_MS };
static const DivertProxyPace asked = { .quick_ms = FAR_MS, .slow_ms = FAR_MS, .hopeful_ms = 0, .apart_ms = 0,
                                       .asked_ms = 20 };

static void
set_needed_of (Fixture    *f,
               const char *text,
               guint32     gid)
{
  g_autoptr(GArray) needed = divert_listening_new ();

  g_assert_true (divert_listening_from_text (text, needed));
  divert_proxy_watch_set (f->watch, needed, &gid, NULL);
}

static void
set_needed (Fixture    *f,
            const char *text)
{
  set_needed_of (f, text, GID);
}

static void
set_up (Fixture       *f,
        gconstpointer  user_data)
{
  g_autoptr(GError) error = NULL;

  test_namespace_enter ();
  f->watch = divert_proxy_watch_new (user_data, on_changed, f, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture       *f,
           gconstpointer  user_data)
{
  divert_proxy_watch_free (f->watch);
}

static gboolean
is_as_expected (gpointer user_data)
{
  const Fixture *f = user_data;
  g_autoptr(DivertFacts) facts = divert_facts_new ();
  g_autofree char *text = NULL;

  divert_proxy_watch_gather (f->watch, facts);
  text = divert_listening_to_text (facts->listening);
  return g_strcmp0 (text, f->expected) == 0;
}

/* @state: of the TPROXY port over TCP and IPv4. */
static void
wait_for (Fixture    *f,
          const char *state)
{
  g_autofree char *expected = g_strdup_printf ("tproxy tcp IPv4 %d %s", PORT, state);

  f->expected = expected;
  if (!test_wait (PATIENCE_MS, is_as_expected, f))
    g_error ("it is not '%s'", expected);
}

/* @device: NULL: any. */
static int
listen_on_device (guint16     port,
                  const char *device)
{
  const struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = g_htons (port) };
  const int on = 1;
  int fd = socket (AF_INET, SOCK_STREAM, 0);

  g_assert_no_errno (setsockopt (fd, SOL_IP, IP_TRANSPARENT, &on, sizeof on));
  g_assert_no_errno (setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on));
  g_assert_no_errno (setsockopt (fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on));
  if (device != NULL)
    g_assert_no_errno (setsockopt (fd, SOL_SOCKET, SO_BINDTODEVICE, device, strlen (device)));
  g_assert_no_errno (bind (fd, (const struct sockaddr *) &address, sizeof address));
  g_assert_no_errno (listen (fd, 64));
  return fd;
}

static int
listen_on (guint16 port)
{
  return listen_on_device (port, NULL);
}

/* The child still ends with the test, which another group would prevent. */
static void
change_group (guint gid)
{
  if (setgid (gid) != 0 || prctl (PR_SET_PDEATHSIG, SIGKILL) != 0)
    _exit (1);
}

/* In the child, which alone has its listener. */
static void
serve (gpointer user_data)
{
  int fd;

  change_group (GPOINTER_TO_UINT (user_data));
  fd = listen_on (PORT);
  test_child_is_ready ();
  for (;;)
    close (accept (fd, NULL, NULL));
}

static void
serve_device (gpointer user_data)
{
  change_group (GID);
  listen_on_device (PORT, user_data);
  test_child_is_ready ();
  pause ();
}

/* First it listens.  It becomes the proxy when it is told to. */
static void
serve_early (gpointer user_data)
{
  sigset_t order;
  int taken;

  sigemptyset (&order);
  sigaddset (&order, SIGUSR1);
  sigprocmask (SIG_BLOCK, &order, NULL);
  listen_on (PORT);
  test_child_is_ready ();
  sigwait (&order, &taken);
  change_group (GID);
}

#define NEEDED "tproxy tcp IPv4 22223 none"

static void
test_comes_and_goes (Fixture       *f,
                     gconstpointer  user_data)
{
  int pid;

  set_needed (f, NEEDED);
  wait_for (f, "none");
  for (guint i = 0; i < 3; i++)
    {
      pid = test_child_start (serve, GUINT_TO_POINTER (GID));
      wait_for (f, "good");
      test_child_stop (pid);
      wait_for (f, "none");
    }
  pid = test_child_start (serve, GUINT_TO_POINTER (0));
  wait_for (f, "foreign 0");
  test_child_stop (pid);
  wait_for (f, "none");
}

/* The end of the listener is heard of, without a timer. */
static void
test_hears (Fixture       *f,
            gconstpointer  user_data)
{
  int pid = test_child_start (serve, GUINT_TO_POINTER (GID));

  set_needed (f, NEEDED);
  wait_for (f, "good");
  test_child_stop (pid);
  wait_for (f, "none");
}

/* The kernel chooses between two, so both must be the proxy's, in whatever order it names them. */
static void
test_shares (Fixture       *f,
             gconstpointer  user_data)
{
  const guint gids[] = { GID, 0 };

  for (guint first = 0; first < 2; first++)
    {
      g_autoptr(GArray) nothing = divert_listening_new ();
      int a = test_child_start (serve, GUINT_TO_POINTER (gids[first]));
      int b = test_child_start (serve, GUINT_TO_POINTER (gids[1 - first]));

      set_needed (f, NEEDED);
      wait_for (f, "foreign 0");
      test_child_stop (first == 0 ? b : a);
      wait_for (f, "good");
      test_child_stop (first == 0 ? a : b);
      wait_for (f, "none");
      divert_proxy_watch_set (f->watch, nothing, NULL, NULL);
    }
}

static gboolean
on_tick (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

/* Somebody comes to share the port.  Nobody announces it, so it shows when somebody wants to know. */
static void
test_joined (Fixture       *f,
             gconstpointer  user_data)
{
  /* wait_for() asks each time that something happens here. */
  const guint ticks = g_timeout_add (10, on_tick, NULL);
  int ours = test_child_start (serve, GUINT_TO_POINTER (GID)), theirs;

  set_needed (f, NEEDED);
  wait_for (f, "good");
  theirs = test_child_start (serve, GUINT_TO_POINTER (0));
  wait_for (f, "foreign 0");
  test_child_stop (theirs);
  wait_for (f, "good");
  test_child_stop (ours);
  g_source_remove (ticks);
}

/* Nothing that is diverted comes in by that device. */
static void
test_device (Fixture       *f,
             gconstpointer  user_data)
{
  g_autoptr(GArray) nothing = divert_listening_new ();
  int pid;

  test_run ("ip link set lo up; ip link add other type veth peer name end");
  pid = test_child_start (serve_device, (gpointer) "other");
  set_needed (f, NEEDED);
  wait_for (f, "none");
  test_child_stop (pid);
  pid = test_child_start (serve_device, (gpointer) "lo");
  divert_proxy_watch_set (f->watch, nothing, NULL, NULL);
  set_needed (f, NEEDED);
  wait_for (f, "good");
  test_child_stop (pid);
}

static void
test_becomes (Fixture       *f,
              gconstpointer  user_data)
{
  int pid = test_child_start (serve_early, NULL);

  set_needed (f, NEEDED);
  wait_for (f, "foreign 0");
  g_assert_no_errno (kill (pid, SIGUSR1));
  wait_for (f, "good");
  test_child_stop (pid);
}

/* How often the thread that watches has waited, once it waits. */
static guint
count_waits (void)
{
  for (;;)
    {
      g_autofree char *text =
        test_output ("cd /proc/%d/task; for t in *; do [ $(cat $t/comm) != proxy ] || cat $t/status; done", getpid ());
      const char *line = strstr (text, "\nvoluntary_ctxt_switches:");

      g_assert_nonnull (line);
      if (strstr (text, "\nState:\tS") != NULL)
        return strtoul (strchr (line, ':') + 1, NULL, 10);
      g_usleep (1000);
    }
}

/* Other ports, and connections of this one. */
static void
test_sleeps (Fixture       *f,
             gconstpointer  user_data)
{
  const struct sockaddr_in address = { .sin_family = AF_INET,
                                       .sin_port = g_htons (PORT),
                                       .sin_addr.s_addr = g_htonl (INADDR_LOOPBACK) };
  int pid = test_child_start (serve, GUINT_TO_POINTER (GID));
  guint before, n;

  test_run ("ip link set lo up");
  set_needed (f, NEEDED);
  wait_for (f, "good");
  g_usleep (50 * 1000);
  before = count_waits ();
  for (guint i = 0; i < 50; i++)
    {
      int fd = socket (AF_INET, SOCK_STREAM, 0);

      g_assert_no_errno (connect (fd, (const struct sockaddr *) &address, sizeof address));
      close (fd);
      close (listen_on (PORT + 1));
      close (socket (AF_INET, SOCK_DGRAM, 0));
    }
  g_usleep (200 * 1000);
  g_assert_cmpuint (count_waits (), ==, before);
  while (g_main_context_iteration (NULL, FALSE))
    continue;
  n = f->changes;
  test_child_stop (pid);
  wait_for (f, "none");
  while (f->changes == n)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (f->changes, ==, n + 1);
}

/* Nobody is asked about, and then it is another port. */
static void
test_other_ports (Fixture       *f,
                  gconstpointer  user_data)
{
  g_autoptr(GArray) nothing = divert_listening_new ();
  int pid = test_child_start (serve, GUINT_TO_POINTER (GID));

  set_needed (f, "tproxy tcp IPv4 4711 none");
  f->expected = "tproxy tcp IPv4 4711 none";
  g_assert_true (test_wait (PATIENCE_MS, is_as_expected, f));
  set_needed (f, NEEDED);
  wait_for (f, "good");
  divert_proxy_watch_set (f->watch, nothing, NULL, NULL);
  f->expected = NULL;
  g_assert_true (test_wait (PATIENCE_MS, is_as_expected, f));
  set_needed (f, NEEDED);
  wait_for (f, "good");
  test_child_stop (pid);
  wait_for (f, "none");
}

/* The group has another number.  Whoever listens isn't the proxy, until somebody has looked, and that is said. */
static void
test_other_group (Fixture       *f,
                  gconstpointer  user_data)
{
  int pid = test_child_start (serve, GUINT_TO_POINTER (GID));

  set_needed (f, NEEDED);
  wait_for (f, "good");
  g_assert_false (divert_proxy_watch_has_guessed (f->watch));
  for (guint i = 0; i < 20; i++)
    {
      set_needed_of (f, NEEDED, GID + 1);
      f->expected = "tproxy tcp IPv4 22223 good";
      g_assert_false (is_as_expected (f));
      wait_for (f, "foreign 0");
      g_assert_false (divert_proxy_watch_has_guessed (f->watch));
      set_needed (f, NEEDED);
      wait_for (f, "good");
    }
  test_child_stop (pid);
}

/* What answers a question that doesn't count any more is no answer to the next one, however late it comes. */
static void
test_late_answer (Fixture       *f,
                  gconstpointer  user_data)
{
  int pid = test_child_start (serve, GUINT_TO_POINTER (GID));

  for (guint i = 0; i < 300; i++)
    {
      const gint64 next = g_get_monotonic_time () + i;

      set_needed (f, NEEDED);
      while (g_get_monotonic_time () < next)
        ;
      set_needed_of (f, "tproxy tcp IPv4 4711 none", GID + 1);
      do
        {
          f->expected = "tproxy tcp IPv4 22223 good";
          g_assert_false (is_as_expected (f));
          f->expected = "tproxy tcp IPv4 4711 none";
        }
      while (!is_as_expected (f));
    }
  test_child_stop (pid);
}

/* The proxy is known by its group and then by its unit as well, or by one thing less. */
static void
change_names (Fixture    *f,
              GRefString *before,
              GRefString *now,
              gboolean    guesses)
{
  const guint32 gid = GID;
  g_autoptr(GArray) needed = divert_listening_new ();
  int pid = test_child_start (serve, GUINT_TO_POINTER (GID));

  g_assert_true (divert_listening_from_text (NEEDED, needed));
  divert_proxy_watch_set (f->watch, needed, &gid, before);
  wait_for (f, "good");
  divert_proxy_watch_set (f->watch, needed, &gid, now);
  f->expected = guesses ? NEEDED : "tproxy tcp IPv4 22223 good";
  g_assert_true (is_as_expected (f));
  g_assert_cmpint (divert_proxy_watch_has_guessed (f->watch), ==, guesses);
  test_child_stop (pid);
}

/* It looks only once. */
static void
test_guesses (Fixture       *f,
              gconstpointer  user_data)
{
  g_autoptr(GRefString) unit = g_ref_string_new ("/none.service");

  change_names (f, unit, NULL, TRUE);
}

/* It was the proxy all the time, and is known by one thing more. */
static void
test_more_names (Fixture       *f,
                 gconstpointer  user_data)
{
  g_autoptr(GRefString) unit = g_ref_string_new ("/none.service");

  change_names (f, NULL, unit, FALSE);
}

/* Of the kernel; 0: it answers. */
static int failure;    /* atomic */
static int n_failures; /* atomic */

gboolean __real_divert_listener_find (DivertNetlink *netlink, DivertListening *listening, DivertIsProxys is_proxys,
                                      gpointer user_data, GError **error);
gboolean __wrap_divert_listener_find (DivertNetlink *netlink, DivertListening *listening, DivertIsProxys is_proxys,
                                      gpointer user_data, GError **error);

gboolean
__wrap_divert_listener_find (DivertNetlink    *netlink,
                             DivertListening  *listening,
                             DivertIsProxys    is_proxys,
                             gpointer          user_data,
                             GError          **error)
{
  const int code = g_atomic_int_get (&failure);

  if (code == 0)
    return __real_divert_listener_find (netlink, listening, is_proxys, user_data, error);
  g_atomic_int_inc (&n_failures);
  g_set_error_literal (error, DIVERT_NETLINK_ERROR, code, g_strerror (code));
  return FALSE;
}

static void
set_failure (int code)
{
  g_atomic_int_set (&n_failures, 0);
  g_atomic_int_set (&failure, code);
}

/* Each look asks once, so the look that failed first is over when the second one has asked. */
static gboolean
has_failed_twice (gpointer user_data)
{
  return g_atomic_int_get (&n_failures) >= 2;
}

/* Without an answer, nobody becomes the proxy, and it looks again by itself. */
static void
test_no_answer (Fixture       *f,
                gconstpointer  user_data)
{
  const guint ticks = g_timeout_add (10, on_tick, NULL);
  int pid = test_child_start (serve, GUINT_TO_POINTER (GID));

  set_needed (f, NEEDED);
  wait_for (f, "good");
  set_failure (ENOBUFS);
  set_needed_of (f, NEEDED, GID + 1);
  g_assert_true (test_wait (5000, has_failed_twice, NULL));
  f->expected = NEEDED;
  g_assert_true (is_as_expected (f));
  g_assert_true (divert_proxy_watch_has_guessed (f->watch));
  set_failure (0);
  wait_for (f, "foreign 0");
  g_assert_false (divert_proxy_watch_has_guessed (f->watch));
  set_failure (ENOBUFS);
  g_assert_true (test_wait (5000, has_failed_twice, NULL));
  f->expected = "tproxy tcp IPv4 22223 foreign 0";
  g_assert_true (is_as_expected (f));
  /* A kernel that never tells. */
  set_failure (ENOENT);
  f->expected = NULL;
  g_assert_true (test_wait (5000, is_as_expected, f));
  set_failure (0);
  g_source_remove (ticks);
  test_child_stop (pid);
}

int
main (int    argc,
      char **argv)
{
  test_needs_namespaces ();
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/proxy-watch/comes-and-goes", Fixture, &eager, set_up, test_comes_and_goes, tear_down);
  g_test_add ("/proxy-watch/hears", Fixture, &patient, set_up, test_hears, tear_down);
  g_test_add ("/proxy-watch/shares", Fixture, &eager, set_up, test_shares, tear_down);
  g_test_add ("/proxy-watch/joined", Fixture, &asked, set_up, test_joined, tear_down);
  g_test_add ("/proxy-watch/device", Fixture, &patient, set_up, test_device, tear_down);
  g_test_add ("/proxy-watch/becomes", Fixture, &eager, set_up, test_becomes, tear_down);
  g_test_add ("/proxy-watch/sleeps", Fixture, &eager, set_up, test_sleeps, tear_down);
  g_test_add ("/proxy-watch/other-ports", Fixture, &patient, set_up, test_other_ports, tear_down);
  g_test_add ("/proxy-watch/late-answer", Fixture, &patient, set_up, test_late_answer, tear_down);
  g_test_add ("/proxy-watch/other-group", Fixture, &patient, set_up, test_other_group, tear_down);
  g_test_add ("/proxy-watch/guesses", Fixture, &once, set_up, test_guesses, tear_down);
  g_test_add ("/proxy-watch/more-names", Fixture, &once, set_up, test_more_names, tear_down);
  g_test_add ("/proxy-watch/no-answer", Fixture, &busy, set_up, test_no_answer, tear_down);
  return g_test_run ();
}
