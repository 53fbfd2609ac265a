/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The service manager's watchdog: what we send it, and when. */
#include "system/base/manager.h"
#include "system/base/watchdog.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int manager = -1;

static gboolean
is_alive (gpointer user_data)
{
  return *(const gboolean *) user_data;
}

/* The manager's socket. */
static void
listen_for_words (void)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  socklen_t length = sizeof (sa_family_t);
  g_autofree char *name = NULL;
  g_autofree char *pid = g_strdup_printf ("%d", getpid ());

  manager = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  /* The kernel chooses a name. */
  g_assert_no_errno (bind (manager, (struct sockaddr *) &address, length));
  length = sizeof address;
  g_assert_no_errno (getsockname (manager, (struct sockaddr *) &address, &length));
  name = g_strdup_printf ("@%.*s", (int) (length - sizeof (sa_family_t) - 1), address.sun_path + 1);
  g_setenv ("NOTIFY_SOCKET", name, TRUE);
  g_setenv ("WATCHDOG_PID", pid, TRUE);
  g_setenv ("WATCHDOG_USEC", "60000000", TRUE);
}

/* NULL: nothing was sent. */
static char *
hear (void)
{
  char word[256];
  ssize_t n = recv (manager, word, sizeof word, 0);

  return n >= 0 ? g_strndup (word, n) : NULL;
}

static char *
wait_to_hear (void)
{
  char *word;

  while ((word = hear ()) == NULL)
    g_main_context_iteration (NULL, TRUE);
  return word;
}

static void
test_words (void)
{
  gboolean alive = TRUE;
  g_autoptr(DivertWatchdog) watchdog = divert_watchdog_new (is_alive, &alive);
  g_autofree char *first = wait_to_hear (), *limit = NULL, *next = NULL;
  gint64 start;

  g_assert_cmpstr (first, ==, "WATCHDOG=1");
  divert_watchdog_set_limit (watchdog, 300);
  limit = wait_to_hear ();
  g_assert_cmpstr (limit, ==, "WATCHDOG_USEC=300000\nWATCHDOG=1");
  divert_watchdog_set_limit (watchdog, 300);
  g_assert_null (hear ());
  /* Nothing else wakes the loop, so it wakes by itself after two thirds. */
  start = g_get_monotonic_time ();
  next = wait_to_hear ();
  g_assert_cmpstr (next, ==, "WATCHDOG=1");
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 150 * 1000);
}

static gboolean
on_wake_up (gpointer user_data)
{
  guint *n = user_data;

  (*n)++;
  return G_SOURCE_CONTINUE;
}

/* If there are other wake-ups, the watchdog adds none. */
static void
test_wake_ups (void)
{
  gboolean alive = TRUE;
  g_autoptr(DivertWatchdog) watchdog = divert_watchdog_new (is_alive, &alive);
  guint wake_ups = 0, turns = 0, id = g_timeout_add (500, on_wake_up, &wake_ups);
  g_autofree char *first = wait_to_hear (), *limit = NULL;
  guint words = 0;

  divert_watchdog_set_limit (watchdog, 1500);
  limit = wait_to_hear ();
  while (wake_ups < 4)
    {
      g_autofree char *word = NULL;

      g_main_context_iteration (NULL, TRUE);
      turns++;
      word = hear ();
      words += word != NULL;
    }
  g_source_remove (id);
  g_assert_cmpuint (words, >=, 2);
  /* A turn without a wake-up is the watchdog's own, right after one. */
  g_assert_cmpuint (turns, <=, 2 * 4 + 1);
}

static void
test_not_alive (void)
{
  gboolean alive = FALSE;
  g_autoptr(DivertWatchdog) watchdog = divert_watchdog_new (is_alive, &alive);
  guint wake_ups = 0, id = g_timeout_add (100, on_wake_up, &wake_ups);
  g_autofree char *limit = NULL;

  divert_watchdog_set_limit (watchdog, 150);
  limit = wait_to_hear ();
  while (wake_ups < 5)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (id);
  g_assert_null (hear ());
  alive = TRUE;
  g_free (wait_to_hear ());
}

/* As any user could: one sender alone would be stopped by its own limit first. */
static void
fill_queue (void)
{
  struct sockaddr_un address;
  socklen_t length = sizeof address;
  gboolean full = FALSE;

  g_assert_no_errno (getsockname (manager, (struct sockaddr *) &address, &length));
  while (!full)
    {
      int fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      guint n = 0;

      while (sendto (fd, "x", 1, 0, (const struct sockaddr *) &address, length) == 1)
        n++;
      full = n == 0;
      close (fd);
    }
}

static void
empty_queue (void)
{
  guint n = 0;

  for (char *word; (word = hear ()) != NULL; n++)
    {
      g_assert_cmpstr (word, ==, "x");
      g_free (word);
    }
  g_assert_cmpuint (n, >, 0);
}

/* What finds no room in the queue is said again. */
static void
test_refused (void)
{
  gboolean alive = TRUE;
  g_autoptr(DivertWatchdog) watchdog = divert_watchdog_new (is_alive, &alive);
  g_autofree char *first = wait_to_hear (), *limit = NULL;

  fill_queue ();
  divert_watchdog_set_limit (watchdog, 30000);
  empty_queue ();
  limit = wait_to_hear ();
  g_assert_cmpstr (limit, ==, "WATCHDOG_USEC=30000000\nWATCHDOG=1");
  g_assert_null (hear ());
}

/* The status as well, of which only the last one is of interest, and that the start is complete, once. */
static void
test_status_refused (void)
{
  gboolean alive = TRUE;
  g_autoptr(DivertWatchdog) watchdog = divert_watchdog_new (is_alive, &alive);
  g_autofree char *first = wait_to_hear (), *status = NULL, *next = NULL, *limit = NULL;

  fill_queue ();
  divert_manager_tell ("starting");
  divert_manager_tell ("away");
  empty_queue ();
  divert_watchdog_set_limit (watchdog, 30000);
  status = wait_to_hear ();
  g_assert_cmpstr (status, ==, "READY=1\nSTATUS=away\nWATCHDOG_USEC=30000000\nWATCHDOG=1");
  divert_watchdog_set_limit (watchdog, 20000);
  limit = wait_to_hear ();
  g_assert_cmpstr (limit, ==, "WATCHDOG_USEC=20000000\nWATCHDOG=1");
  divert_manager_tell ("home");
  next = wait_to_hear ();
  g_assert_cmpstr (next, ==, "STATUS=home\n");
}

/* A process that has used up what it may open, as by somebody who made it.  Returns what it might before. */
static struct rlimit
use_up_descriptors (void)
{
  struct rlimit before, none;

  g_assert_no_errno (getrlimit (RLIMIT_NOFILE, &before));
  none = before;
  none.rlim_cur = 0;
  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &none));
  return before;
}

/* The first message is sent again until it has been taken.  This test comes first: later ones have the socket. */
static void
test_no_descriptor (void)
{
  gboolean alive = TRUE;
  g_autoptr(DivertWatchdog) watchdog = NULL;
  g_autofree char *limit = NULL, *again = NULL;
  struct rlimit before;

  /* The loop needs one for itself. */
  g_main_context_iteration (NULL, FALSE);
  before = use_up_descriptors ();
  watchdog = divert_watchdog_new (is_alive, &alive);
  divert_watchdog_set_limit (watchdog, 30000);
  g_assert_null (hear ());
  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &before));
  limit = wait_to_hear ();
  g_assert_cmpstr (limit, ==, "WATCHDOG_USEC=30000000\nWATCHDOG=1");

  /* From now on, none is needed. */
  use_up_descriptors ();
  divert_watchdog_set_limit (watchdog, 20000);
  again = hear ();
  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &before));
  g_assert_cmpstr (again, ==, "WATCHDOG_USEC=20000000\nWATCHDOG=1");
}

/* Nobody listens: that is no reason to try again at once. */
static void
test_nobody (void)
{
  g_autofree char *name = g_strdup (g_getenv ("NOTIFY_SOCKET"));

  g_setenv ("NOTIFY_SOCKET", "/nowhere/nobody", TRUE);
  g_assert_true (divert_manager_feed_watchdog (0));
  g_setenv ("NOTIFY_SOCKET", "@nm-divert-nobody", TRUE);
  g_assert_true (divert_manager_feed_watchdog (0));
  g_unsetenv ("NOTIFY_SOCKET");
  g_assert_true (divert_manager_feed_watchdog (0));
  g_setenv ("NOTIFY_SOCKET", name, TRUE);
}

static void
test_not_watched (void)
{
  gboolean alive = TRUE;

  g_setenv ("WATCHDOG_PID", "1", TRUE);
  g_assert_null (divert_watchdog_new (is_alive, &alive));
  g_unsetenv ("WATCHDOG_USEC");
  g_unsetenv ("WATCHDOG_PID");
  g_assert_null (divert_watchdog_new (is_alive, &alive));
  divert_watchdog_set_limit (NULL, 1);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  listen_for_words ();
  g_test_add_func ("/watchdog/no-descriptor", test_no_descriptor);
  g_test_add_func ("/watchdog/words", test_words);
  g_test_add_func ("/watchdog/wake-ups", test_wake_ups);
  g_test_add_func ("/watchdog/not-alive", test_not_alive);
  g_test_add_func ("/watchdog/refused", test_refused);
  g_test_add_func ("/watchdog/status-refused", test_status_refused);
  g_test_add_func ("/watchdog/nobody", test_nobody);
  g_test_add_func ("/watchdog/not-watched", test_not_watched);
  return g_test_run ();
}
