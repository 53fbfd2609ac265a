/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: when the helper has not reacted, and what happens then.
 *
 * One thread takes the orders, the other hears of the links (tripwire-ears.h).  A notification may be older than the
 * order, so it only makes the sentinel ask.  The kernel's count of carrier changes shows also a loss that is over.  A
 * loss counts from the moment when the sentinel is told of it, until an order that comes later, or the kernel, says
 * that the links are as they were.
 *
 * A helper that has been stopped, or that a debugger holds, is no good after a short grace.  One that runs may be
 * waiting for the kernel, whose lock for network configuration somebody else keeps; it is given a second.  Once its
 * tripwire has tripped, the fence is closed, and the service manager's watchdog is enough for one that runs.  Both are
 * counted in looks as well as in time, because a machine may stand still as a whole, and then the helper has had no
 * time either.
 *
 * The thread that takes the orders is an ordinary one, and whoever keeps many processes busy can hold it up.  So a
 * helper that runs isn't blamed while an order of its waits.
 */
#include "sentinel-duty.h"

#include "system/base/journal.h"
#include "tripwire-ears.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STOPPED_US (40 * G_TIME_SPAN_MILLISECOND)
#define STOPPED_LOOKS 3
#define RUNNING_US G_TIME_SPAN_SECOND
#define RUNNING_LOOKS 50
/* As the tripwire does: the kernel may report a loss up to a second late.  If it would be later still, the helper's
 * question may make the kernel report it to everybody (K4.10). */
#define WATCH_US (1200 * G_TIME_SPAN_MILLISECOND)

static const DivertTripLimits limits = { 256 * 1024, 20, 10 };

typedef struct
{
  int                 orders;     /* a socket */
  int                 helper;     /* pidfd */
  char               *threads;    /* where /proc has them */
  int                 stat;       /* its state, in /proc */
  const DivertSentinelLast *last;
  DivertTripEars     *ears;

  GMutex              lock;       /* of all that follows */
  DivertNetlink      *netlink;
  GArray             *links;      /* DivertLinkState: those of the last order */
  GPtrArray          *questions;  /* DivertNetlinkMessage, one for each of them */
  gboolean            tripped;    /* the helper knows of a loss, and has not yet given another order */
  gint64              lost;       /* monotonic; 0: none of them was lost */
  guint               looks;      /* since then, … */
  guint               stopped;    /* … and how many of the last ones, without a gap, found it stopped */
  gint64              watch_until;
} Duty;

/* Locked. */
static void
lose (Duty *duty)
{
  if (duty->lost != 0)
    return;
  duty->lost = g_get_monotonic_time ();
  duty->looks = duty->stopped = 0;
}

/* done() follows, and asks. */
static void
on_heard (struct nlmsghdr *header,
          gpointer         user_data)
{
  Duty *duty = user_data;

  g_mutex_lock (&duty->lock);
  duty->watch_until = g_get_monotonic_time () + WATCH_US;
  g_mutex_unlock (&duty->lock);
}

/* Locked. */
static void
ask_all (Duty *duty)
{
  gboolean all_hold = TRUE, lost = FALSE;

  for (guint i = 0; i < duty->links->len && !lost; i++)
    {
      const DivertTripLinkAnswer answer = divert_trip_link_ask (&g_array_index (duty->links, DivertLinkState, i),
                                                                duty->questions->pdata[i], duty->netlink);

      lost = answer == DIVERT_TRIP_LINK_LOST;
      all_hold &= answer == DIVERT_TRIP_LINK_HOLDS;
    }
  if (lost)
    lose (duty);
  else if (all_hold)
    duty->lost = 0;
}

/* "PID (NAME) STATE …"; a name may have any character.  A tracer (strace) stops it at each system call, for a moment
 * that is long on a busy machine.  So that counts only while even the tripwire has not reacted. */
static gboolean
is_stopped (const Duty *duty)
{
  char text[128];
  const gssize n = pread (duty->stat, text, sizeof text - 1, 0);
  const char *state;

  text[MAX (n, 0)] = '\0';
  state = strrchr (text, ')');
  return state != NULL && (g_str_has_prefix (state, ") T") || (!duty->tripped && g_str_has_prefix (state, ") t")));
}

/* There is one that nobody has taken yet. */
static gboolean
has_order (const Duty *duty)
{
  char byte;

  return recv (duty->orders, &byte, sizeof byte, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* Locked, after a loss: has the helper had its time? */
static gboolean
is_due (Duty   *duty,
        gint64  now)
{
  duty->looks++;
  duty->stopped = is_stopped (duty) ? duty->stopped + 1 : 0;
  return (duty->stopped >= STOPPED_LOOKS && now - duty->lost >= STOPPED_US) ||
         (!duty->tripped && duty->looks >= RUNNING_LOOKS && now - duty->lost >= RUNNING_US && !has_order (duty));
}

/* Each of its threads has to run once more to end.  On a busy machine, those of ordinary priority would wait for
 * that. */
static void
hurry_up (const Duty *duty)
{
  const struct sched_param parameter = { .sched_priority = sched_get_priority_min (SCHED_RR) };
  g_autoptr(GDir) threads = g_dir_open (duty->threads, 0, NULL);
  const char *name;

  while (threads != NULL && (name = g_dir_read_name (threads)) != NULL)
    sched_setscheduler (atoi (name), SCHED_RR, &parameter);
}

/* Locked, and stays so: the other thread must not end the process when the helper has ended. */
static void
end_helper (Duty *duty)
{
  guint lost[DIVERT_SENTINEL_MAX_LINKS];
  gpointer begun;
  int status;

  for (guint i = 0; i < duty->links->len; i++)
    lost[i] = g_array_index (duty->links, DivertLinkState, i).ifindex;
  /* Whatever waits for others waits behind those that are there by then, and the helper, as it ends, is one of them. */
  begun = duty->last->begin (lost, duty->links->len);
  syscall (SYS_pidfd_send_signal, duty->helper, SIGKILL, NULL, 0);
  hurry_up (duty);
  status = duty->last->end (begun, duty->helper);
  /* Last, because it waits for the journal, which any user can keep busy.  When the journal wants to know which unit
   * says so, this process may have ended. */
  g_log_structured (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "OBJECT_SYSTEMD_UNIT", DIVERT_JOURNAL_UNIT, "MESSAGE",
                    "the helper did not react to a lost link, and was killed; what it let go straight is taken back");
  _exit (status);
}

static gboolean
on_done (gboolean any,
         gpointer user_data)
{
  Duty *duty = user_data;
  const gint64 now = g_get_monotonic_time ();
  gboolean again;

  g_mutex_lock (&duty->lock);
  if (any && duty->links->len > 0)
    duty->watch_until = now + WATCH_US;
  if (now < duty->watch_until || duty->lost != 0)
    ask_all (duty);
  if (duty->lost != 0 && is_due (duty, now))
    end_helper (duty);
  again = duty->lost != 0 || (duty->links->len > 0 && now < duty->watch_until);
  g_mutex_unlock (&duty->lock);
  return again;
}

/* Locked. */
static void
set_links (Duty                      *duty,
           const DivertSentinelOrder *order)
{
  g_array_set_size (duty->links, 0);
  g_array_append_vals (duty->links, order->links, order->n_links);
  g_ptr_array_set_size (duty->questions, 0);
  for (guint i = 0; i < order->n_links; i++)
    g_ptr_array_add (duty->questions, divert_trip_link_question_new (&order->links[i]));
  duty->lost = 0;
  duty->watch_until = g_get_monotonic_time () + WATCH_US;
}

static void
take_order (Duty                      *duty,
            const DivertSentinelOrder *order)
{
  g_mutex_lock (&duty->lock);
  duty->tripped = order->tripped;
  if (!order->tripped)
    set_links (duty, order);
  g_mutex_unlock (&duty->lock);
  if (order->tripped)
    return;
  /* Only this thread changes them. */
  divert_trip_ears_set (duty->ears, duty->links);
  divert_trip_ears_nudge (duty->ears);
}

/* FALSE: there is none any more, because the helper has ended. */
static gboolean
receive_order (int                  orders,
               DivertSentinelOrder *ret_order)
{
  gssize n;

  do
    n = recv (orders, ret_order, sizeof *ret_order, 0);
  while (n < 0 && errno == EINTR);
  return n > 0;
}

int
divert_sentinel_serve (int                       orders,
                       int                       helper,
                       const DivertSentinelLast *last)
{
  static const DivertTripHearing hearing = { on_heard, on_done };
  g_autofree char *stat = g_strdup_printf ("/proc/%d/stat", (int) getppid ());
  g_autofree char *threads = g_strdup_printf ("/proc/%d/task", (int) getppid ());
  Duty duty = { .orders = orders, .helper = helper, .threads = threads, .stat = open (stat, O_RDONLY | O_CLOEXEC),
                .last = last };
  g_autoptr(GError) error = NULL;
  DivertSentinelOrder order;

  g_mutex_init (&duty.lock);
  duty.links = g_array_new (FALSE, FALSE, sizeof (DivertLinkState));
  duty.questions = g_ptr_array_new_with_free_func ((GDestroyNotify) nlmsg_free);
  duty.netlink = divert_netlink_new (NETLINK_ROUTE, &error);
  if (duty.netlink != NULL)
    duty.ears = divert_trip_ears_new (&limits, &hearing, &duty, &error);
  if (duty.ears == NULL)
    {
      g_critical ("the sentinel cannot watch: %s", error->message);
      return EXIT_FAILURE;
    }
  while (receive_order (orders, &order))
    take_order (&duty, &order);
  g_mutex_lock (&duty.lock);
  return EXIT_SUCCESS;
}
