/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: when the wire trips, and who may touch the gates when.
 *
 * Theory of operation
 * -------------------
 * A grant must end when its link is lost, and the main loop sees to that.  But the main loop also writes tables, and a
 * write of nftables may wait for others, on a busy machine for seconds (K1.14).  So the fence has a guardian that does
 * nothing else.  It hears of the armed links alone, and what closes the gates lies ready (fence-closer.c).
 *
 * There is no gap.  The links are armed before the gates are added, as they were in the facts behind the decision, and
 * then the kernel is asked about each of them.  So a loss counts whether it came before that (the answer shows it) or
 * later (there is a notification).  Adding the gates and closing them exclude each other: after a loss the gates are
 * not added, and if the loss comes while they are being added, they are closed right afterwards.  The wire stays
 * tripped until it is armed again with facts that the kernel confirms.
 *
 * If the kernel doesn't answer (it may be short of memory), no gate is added until it has.  The thread goes on asking,
 * and then wakes the main loop.
 *
 * The kernel may report a loss up to a second late if some link's carrier has changed shortly before (K4.1).  So after
 * each notification, whichever link it is about, and after arming, the armed links are asked for that long.  Any user
 * can make it later still, in a network namespace of which nothing is heard here.  So the main loop has the links asked
 * whenever it is awake, which it is once a second at home.
 *
 * The main loop may close at the same time, because both tolerate that a gate is gone.  But it opens under the
 * lock: for a moment the IPv6 rule has two copies (fence.c), and it would delete one of them.  What it read when it
 * closed counts only if the wire has not tripped since.
 */
#include "tripwire.h"

#include "fence-closer.h"

#include <errno.h>
#include <glib-unix.h>
#include <glib/gi18n-lib.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* The kernel's second, and a bit more. */
#define WATCH_US (1200 * G_TIME_SPAN_MILLISECOND)
#define MAX_LOST 16

const DivertTripLimits divert_tripwire_limits = { 1024 * 1024, 20, 5 };

struct DivertTripwire
{
  DivertTripwireLost  lost;
  gpointer            lost_data;
  DivertLookAgain     look_again;
  gpointer            user_data;
  DivertTripEars     *ears;
  DivertSentinel     *sentinel;     /* not owned; NULL: there is none */
  int                 wake;         /* eventfd: the main loop should look again */
  guint               wake_source;

  GMutex              lock;         /* of all that follows, and of the gates */
  DivertNetlink      *netlink;
  GArray             *links;        /* DivertLinkState: the armed ones */
  GPtrArray          *questions;    /* DivertNetlinkMessage, one for each of them */
  DivertFenceCloser  *closer;
  gboolean            tripped;
  gboolean            unsure;       /* since they were armed, not all of them have been asked about with success */
  gboolean            untold;       /* divert_tripwire_take() has not told it yet */
  guint               gone[MAX_LOST]; /* the links (their indices) that lost() has not been called for yet */
  guint               n_gone;
  gint64              watch_until;  /* monotonic */
};

static void
clear_wake (DivertTripwire *wire)
{
  guint64 count;

  if (read (wire->wake, &count, sizeof count) < 0)
    return;
}

static void
set_wake (DivertTripwire *wire)
{
  const guint64 one = 1;

  /* It only fails if the main loop is being woken already. */
  if (write (wire->wake, &one, sizeof one) < 0)
    return;
}

/* Locked.  @link: the one that was lost; NULL: nobody knows, so it may be any. */
static void
trip (DivertTripwire        *wire,
      const DivertLinkState *link)
{
  /* Closing waits if somebody else keeps the kernel's lock.  That is no fault of ours. */
  divert_sentinel_tell_tripped (wire->sentinel);
  divert_fence_closer_send (wire->closer, wire->netlink);
  wire->tripped = wire->untold = TRUE;
  set_wake (wire);
  for (guint i = 0; i < wire->links->len && wire->n_gone < MAX_LOST; i++)
    {
      const DivertLinkState *armed = &g_array_index (wire->links, DivertLinkState, i);

      if (link == NULL || link == armed)
        wire->gone[wire->n_gone++] = armed->ifindex;
    }
}

static void
on_heard (struct nlmsghdr *header,
          gpointer         user_data)
{
  DivertTripwire *wire = user_data;
  const struct ifinfomsg *info;
  const DivertLinkState *link;

  g_mutex_lock (&wire->lock);
  if (wire->links->len > 0 && !wire->tripped && header == NULL)
    trip (wire, NULL);
  else if (!wire->tripped && header != NULL && nlmsg_valid_hdr (header, sizeof *info))
    {
      info = nlmsg_data (header);
      link = divert_trip_links_find (wire->links, info->ifi_index);
      if (link != NULL && divert_trip_link_is_lost (link, header))
        trip (wire, link);
    }
  g_mutex_unlock (&wire->lock);
}

/* Locked. */
static void
ask_all (DivertTripwire *wire)
{
  gboolean all_hold = TRUE;

  for (guint i = 0; i < wire->links->len && !wire->tripped; i++)
    {
      const DivertLinkState *link = &g_array_index (wire->links, DivertLinkState, i);
      const DivertTripLinkAnswer answer = divert_trip_link_ask (link, wire->questions->pdata[i], wire->netlink);

      if (answer == DIVERT_TRIP_LINK_LOST)
        trip (wire, link);
      all_hold &= answer == DIVERT_TRIP_LINK_HOLDS;
    }
  if (all_hold || wire->tripped)
    wire->unsure = FALSE;
}

/* Locked.  The main loop has passed the gates by until now. */
static void
ask_again (DivertTripwire *wire)
{
  const gboolean unsure = wire->unsure;

  ask_all (wire);
  if (unsure && !wire->unsure)
    set_wake (wire);
}

static gboolean
on_done (gboolean any,
         gpointer user_data)
{
  DivertTripwire *wire = user_data;
  const gint64 now = g_get_monotonic_time ();
  guint gone[MAX_LOST], n_gone;
  gboolean again;

  g_mutex_lock (&wire->lock);
  if (any && wire->links->len > 0)
    wire->watch_until = now + WATCH_US;
  again = now < wire->watch_until || wire->unsure;
  if (again)
    ask_again (wire);
  n_gone = wire->n_gone;
  wire->n_gone = 0;
  memcpy (gone, wire->gone, sizeof gone);
  g_mutex_unlock (&wire->lock);

  for (guint i = 0; i < n_gone && wire->lost != NULL; i++)
    wire->lost (gone[i], wire->lost_data);
  return again;
}

static gboolean
on_wake (int          fd,
         GIOCondition condition,
         gpointer     user_data)
{
  DivertTripwire *wire = user_data;

  clear_wake (wire);
  wire->look_again (wire->user_data);
  return G_SOURCE_CONTINUE;
}

static gboolean
begin (DivertTripwire          *wire,
       const DivertTripLimits  *limits,
       GError                 **error)
{
  static const DivertTripHearing hearing = { on_heard, on_done };

  wire->netlink = divert_netlink_new (NETLINK_ROUTE, error);
  if (wire->netlink == NULL)
    return FALSE;
  wire->wake = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wire->wake < 0)
    {
      g_set_error (error, DIVERT_NETLINK_ERROR, errno, _("cannot listen to the kernel: %s"), g_strerror (errno));
      return FALSE;
    }
  /* After the kernel's own notification, which is the better name for the event. */
  wire->wake_source = g_unix_fd_add_full (G_PRIORITY_HIGH + 1, wire->wake, G_IO_IN, on_wake, wire, NULL);
  wire->ears = divert_trip_ears_new (limits, &hearing, wire, error);
  return wire->ears != NULL;
}

DivertTripwire *
divert_tripwire_new (const DivertTripLimits  *limits,
                     DivertTripwireLost       lost,
                     gpointer                 lost_data,
                     DivertLookAgain          look_again,
                     gpointer                 user_data,
                     GError                 **error)
{
  DivertTripwire *wire = g_new0 (DivertTripwire, 1);

  wire->lost = lost;
  wire->lost_data = lost_data;
  wire->look_again = look_again;
  wire->user_data = user_data;
  wire->wake = -1;
  g_mutex_init (&wire->lock);
  wire->links = g_array_new (FALSE, FALSE, sizeof (DivertLinkState));
  wire->questions = g_ptr_array_new_with_free_func ((GDestroyNotify) nlmsg_free);
  wire->closer = divert_fence_closer_new ();
  if (!begin (wire, limits, error))
    g_clear_pointer (&wire, divert_tripwire_free);
  return wire;
}

void
divert_tripwire_free (DivertTripwire *wire)
{
  if (wire == NULL)
    return;
  divert_trip_ears_free (wire->ears);
  divert_sentinel_watch (wire->sentinel, NULL);
  g_clear_handle_id (&wire->wake_source, g_source_remove);
  if (wire->wake >= 0)
    close (wire->wake);
  divert_netlink_free (wire->netlink);
  divert_fence_closer_free (wire->closer);
  g_ptr_array_unref (wire->questions);
  g_array_unref (wire->links);
  g_mutex_clear (&wire->lock);
  g_free (wire);
}

void
divert_tripwire_set_sentinel (DivertTripwire *wire,
                              DivertSentinel *sentinel)
{
  if (wire != NULL)
    wire->sentinel = sentinel;
}

guint32
divert_tripwire_get_port (const DivertTripwire *wire)
{
  return wire != NULL ? divert_netlink_get_port (wire->netlink) : 0;
}

/* Locked. */
static void
set_links (DivertTripwire *wire,
           const GArray   *links)
{
  g_array_set_size (wire->links, 0);
  g_array_append_vals (wire->links, links->data, links->len);
  g_ptr_array_set_size (wire->questions, 0);
  for (guint i = 0; i < links->len; i++)
    g_ptr_array_add (wire->questions,
                     divert_trip_link_question_new (&g_array_index (links, DivertLinkState, i)));
  divert_trip_ears_set (wire->ears, wire->links);
}

/* Locked. */
static void
arm (DivertTripwire *wire,
     const GArray   *links)
{
  clear_wake (wire);
  wire->tripped = wire->untold = FALSE;
  if (!divert_trip_links_equal (wire->links, links))
    set_links (wire, links);
  divert_sentinel_watch (wire->sentinel, links);
  wire->watch_until = links->len > 0 ? g_get_monotonic_time () + WATCH_US : 0;
  wire->unsure = TRUE;
  ask_all (wire);
  divert_trip_ears_nudge (wire->ears);
}

gboolean
divert_tripwire_arm (DivertTripwire    *wire,
                     const GArray      *links,
                     const DivertFence *fence)
{
  gboolean tripped;

  if (wire == NULL)
    return FALSE;
  g_mutex_lock (&wire->lock);
  divert_fence_closer_set (wire->closer, wire->netlink, fence);
  tripped = wire->tripped;
  if (tripped || !divert_trip_links_equal (wire->links, links))
    arm (wire, links);
  g_mutex_unlock (&wire->lock);
  return tripped;
}

void
divert_tripwire_look (DivertTripwire *wire)
{
  gboolean tripped;

  if (wire == NULL)
    return;
  g_mutex_lock (&wire->lock);
  tripped = wire->tripped;
  ask_again (wire);
  /* What comes after closing is the thread's part. */
  if (wire->tripped && !tripped)
    divert_trip_ears_nudge (wire->ears);
  g_mutex_unlock (&wire->lock);
}

gboolean
divert_tripwire_take (DivertTripwire *wire,
                      gboolean        settled)
{
  gboolean untold;

  if (wire == NULL)
    return FALSE;
  g_mutex_lock (&wire->lock);
  untold = wire->untold;
  wire->untold = FALSE;
  if (untold && settled)
    clear_wake (wire);
  g_mutex_unlock (&wire->lock);
  return untold;
}

gboolean
divert_tripwire_lock (DivertTripwire *wire)
{
  if (wire == NULL)
    return TRUE;
  g_mutex_lock (&wire->lock);
  return !wire->tripped && !wire->unsure;
}

void
divert_tripwire_unlock (DivertTripwire *wire)
{
  if (wire != NULL)
    g_mutex_unlock (&wire->lock);
}
