/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns: the process that plays the helper, and its end. */
#include "sentinel-fixture.h"

#include "namespace.h"
#include "system/routing/sentinel.h"
#include "system/sources/kernel/kernel-read.h"

#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* So that a helper that hangs, or goes on, is a failure. */
#define PATIENCE_S 20

static int last_words = -1;

static gpointer
note_links (const guint *links,
            guint        n_links)
{
  GArray *noted = g_array_new (FALSE, FALSE, sizeof (guint));

  return g_array_append_vals (noted, links, n_links);
}

/* Some time after the helper has ended, as it is with filters that belong to it. */
static int
say_last (gpointer begun,
          int      helper)
{
  struct pollfd end = { .fd = helper, .events = POLLIN };
  g_autoptr(GArray) links = begun;

  poll (&end, 1, -1);
  g_usleep (50 * G_TIME_SPAN_MILLISECOND);
  return write (last_words, links->data, links->len * sizeof (guint)) < 0;
}

/* Links as the kernel has them now: those whose names begin with @devices. */
static GArray *
look_at (const char *devices)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(DivertNetlink) netlink = divert_netlink_new (NETLINK_ROUTE, &error);
  g_autoptr(DivertKernelState) state = divert_kernel_state_read (netlink, &error);
  GArray *links = g_array_new (FALSE, TRUE, sizeof (DivertLinkState));

  for (guint i = 0; i < state->links->len; i++)
    {
      const DivertLink *link = g_ptr_array_index (state->links, i);
      DivertLinkState now = { .ifindex = link->ifindex, .carrier = link->carrier,
                              .carrier_changes = link->carrier_changes };

      g_strlcpy (now.name, link->name, sizeof now.name);
      if (g_str_has_prefix (link->name, devices))
        g_array_append_val (links, now);
    }
  return links;
}

static void
obey (DivertSentinel  *sentinel,
      char             letter,
      GArray         **kept)
{
  g_autoptr(GArray) links = NULL;

  if (letter == 'k')
    *kept = look_at ("up0");
  else if (letter == '=')
    divert_sentinel_watch (sentinel, *kept);
  else if (letter == 't')
    divert_sentinel_tell_tripped (sentinel);
  else
    {
      if (letter != 'n')
        links = look_at (letter == '0' ? "up0" : letter == '1' ? "up1" : "up");
      divert_sentinel_watch (sentinel, links);
    }
}

static void
play_helper (int letters)
{
  static const DivertSentinelLast last = { note_links, say_last };
  g_autoptr(GError) error = NULL;
  DivertSentinel *sentinel = divert_sentinel_new (&last, &error);
  g_autoptr(GArray) kept = NULL;
  char letter;

  if (sentinel == NULL)
    _exit (2);
  while (read (letters, &letter, 1) == 1)
    {
      obey (sentinel, letter, &kept);
      if (write (letters, &letter, 1) < 0)
        break;
    }
  divert_sentinel_free (sentinel);
  _exit (0);
}

void
sentinel_fixture_start (SentinelHelper *helper)
{
  const struct timeval patience = { .tv_sec = PATIENCE_S };
  int to[2], from[2];

  /* A letter to one that was killed is a failure, too. */
  signal (SIGPIPE, SIG_IGN);
  test_namespace_enter ();
  test_run ("for i in 0 1; do ip link add up$i type veth peer name far$i; ip link set up$i up; ip link set far$i up;"
            "done");
  test_wait_for_operstate ("up0", "UP");
  test_wait_for_operstate ("up1", "UP");
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, to), ==, 0);
  g_assert_cmpint (setsockopt (to[1], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), ==, 0);
  g_assert_cmpint (pipe (from), ==, 0);
  helper->pid = fork ();
  if (helper->pid == 0)
    {
      close (to[1]);
      close (from[0]);
      last_words = from[1];
      /* The sentinel's complaint is no failure. */
      g_log_set_always_fatal (G_LOG_FATAL_MASK);
      play_helper (to[0]);
    }
  close (to[0]);
  close (from[1]);
  helper->letters = to[1];
  helper->last = from[0];
}

void
sentinel_fixture_tell (const SentinelHelper *helper,
                       const char           *letters)
{
  for (; *letters != '\0'; letters++)
    {
      char done;

      g_assert_cmpint (write (helper->letters, letters, 1), ==, 1);
      g_assert_cmpint (read (helper->letters, &done, 1), ==, 1);
    }
}

int
sentinel_fixture_get_pid (const SentinelHelper *helper)
{
  /* It may not have been forked yet, or not have its name. */
  g_autofree char *child = test_output ("until child=$(tr -d ' ' </proc/%d/task/%d/children) && "
                                        "grep -qsx divert-sentinel /proc/$child/comm; do sleep 0.01; done; "
                                        "echo $child", helper->pid, helper->pid);

  return atoi (child);
}

int
sentinel_fixture_finish (SentinelHelper *helper,
                         guint           ret_links[2])
{
  struct pollfd last = { .fd = helper->last, .events = POLLIN };
  gssize n;
  int status;

  g_assert_cmpint (poll (&last, 1, PATIENCE_S * 1000), ==, 1);
  memset (ret_links, 0, 2 * sizeof *ret_links);
  n = read (helper->last, ret_links, 2 * sizeof *ret_links);
  g_assert_cmpint (n, >=, 0);
  g_assert_cmpint (read (helper->last, &n, sizeof n), ==, 0);
  /* It stays as it was until somebody has waited for it. */
  g_assert_cmpint (sched_getscheduler (helper->pid), ==, ret_links[0] != 0 ? SCHED_RR : SCHED_OTHER);
  g_assert_cmpint (waitpid (helper->pid, &status, 0), ==, helper->pid);
  close (helper->letters);
  close (helper->last);
  return status;
}

void
sentinel_fixture_assert_killed (SentinelHelper *helper,
                                const char     *device,
                                const char     *other)
{
  guint links[2];
  const int status = sentinel_fixture_finish (helper, links);

  g_assert_true (WIFSIGNALED (status));
  g_assert_cmpint (WTERMSIG (status), ==, SIGKILL);
  g_assert_cmpuint (links[0], ==, if_nametoindex (device));
  g_assert_cmpuint (links[1], ==, other != NULL ? if_nametoindex (other) : 0);
}
