/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the sentinel's process, and how it is told what to watch.
 *
 * Theory of operation
 * -------------------
 * The tripwire closes the fence when a link is lost, whatever the main loop is doing.  But it is a thread, and a helper
 * that is stopped (SIGSTOP, a debugger) stops with all its threads.  The service manager kills it after three seconds.
 * A laptop that roams within that time would send to the stranger what is for the intranet.
 *
 * So a second process hears of the same links.  It has no other part in the helper's work, and shares nothing with it
 * but a socket.  When the tripwire is armed, at the end of a run, it tells the sentinel on which links the grant
 * rests.  If one of them is lost, another such order has to follow in time.  Else the helper is no good.  The sentinel
 * kills it and takes back the grant, as --withdraw does: the fence at once, and the tables of nftables when the helper
 * has ended, because the kernel keeps them for the helper alone.  Until then, nothing leaves by those links
 * (withdraw-lost.c).  Then it ends as well, and the service manager starts another helper.
 *
 * When the tripwire has tripped, it says so.  The fence is closed then, and the main loop may take its time for the
 * filters, but if the helper is stopped before they are written, the sentinel still acts.
 *
 * The helper's own way is always faster: the tripwire reacts within a millisecond.  A sentinel that errs costs a
 * restart and nothing else.
 *
 * It is forked before there are other threads and before anything is opened.  It does inherit the lock that makes the
 * helper the only one (base/sole.h), so no other helper starts while it takes back the grant.
 */
#include "sentinel-duty.h"

#include <errno.h>
#include <glib-unix.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct DivertSentinel
{
  int      orders;
  pid_t    pid;
  gboolean mute;   /* an order could not be sent, and the log says so */
};

/* In its process. */
static int
become (int                       orders,
        int                       helper,
        const DivertSentinelLast *last)
{
  /* The service manager sends these to each process of the unit.  This one ends with the helper. */
  static const int ignored[] = { SIGTERM, SIGINT, SIGHUP };

  for (guint i = 0; i < G_N_ELEMENTS (ignored); i++)
    signal (ignored[i], SIG_IGN);
  prctl (PR_SET_NAME, "divert-sentinel");
  return divert_sentinel_serve (orders, helper, last);
}

static gboolean
begin (DivertSentinel           *sentinel,
       const DivertSentinelLast *last)
{
  const int helper = syscall (SYS_pidfd_open, getpid (), 0);
  int ends[2], code;

  if (helper < 0)
    return FALSE;
  if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0)
    {
      sentinel->orders = ends[0];
      sentinel->pid = fork ();
      if (sentinel->pid == 0)
        {
          close (ends[0]);
          _exit (become (ends[1], helper, last));
        }
      code = errno;
      close (ends[1]);
      errno = code;
    }
  code = errno;
  close (helper);
  errno = code;
  return sentinel->pid > 0;
}

DivertSentinel *
divert_sentinel_new (const DivertSentinelLast  *last,
                     GError                   **error)
{
  DivertSentinel *sentinel = g_new0 (DivertSentinel, 1);

  sentinel->orders = sentinel->pid = -1;
  if (!begin (sentinel, last))
    {
      g_set_error (error, G_UNIX_ERROR, errno, _("cannot start the sentinel: %s"), g_strerror (errno));
      g_clear_pointer (&sentinel, divert_sentinel_free);
    }
  return sentinel;
}

void
divert_sentinel_free (DivertSentinel *sentinel)
{
  if (sentinel == NULL)
    return;
  divert_sentinel_watch (sentinel, NULL);
  if (sentinel->orders >= 0)
    close (sentinel->orders);
  if (sentinel->pid > 0)
    waitpid (sentinel->pid, NULL, 0);
  g_free (sentinel);
}

int
divert_sentinel_get_fd (const DivertSentinel *sentinel)
{
  return sentinel->orders;
}

/* It doesn't wait for a sentinel that is stopped. */
static void
give (DivertSentinel            *sentinel,
      const DivertSentinelOrder *order)
{
  if (sentinel == NULL || sentinel->orders < 0 ||
      send (sentinel->orders, order, DIVERT_SENTINEL_ORDER_SIZE (order->n_links), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0 ||
      sentinel->mute)
    return;
  sentinel->mute = TRUE;
  g_warning ("the sentinel doesn't listen: %s", g_strerror (errno));
}

void
divert_sentinel_watch (DivertSentinel *sentinel,
                       const GArray   *links)
{
  DivertSentinelOrder order = { 0 };

  order.n_links = links != NULL ? MIN (links->len, DIVERT_SENTINEL_MAX_LINKS) : 0;
  if (order.n_links > 0)
    memcpy (order.links, links->data, order.n_links * sizeof (DivertLinkState));
  give (sentinel, &order);
}

void
divert_sentinel_tell_tripped (DivertSentinel *sentinel)
{
  const DivertSentinelOrder order = { .tripped = TRUE };

  give (sentinel, &order);
}
