/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: when the listeners are looked for, in a thread of ordinary priority.
 *
 * Theory of operation.  The kernel announces the end of each socket (K2.6).  A filter on our socket lets only those
 * pass that were on one of our ports and had no peer.  So while the proxy lives, nothing wakes the thread, however
 * many connections come and go.  Nobody announces a beginning.  So while somebody is missing, a timer looks: often if
 * it is a TPROXY port, which is refused until we have seen the proxy there, and otherwise seldom.  Somebody may also
 * come to share a port with the proxy.  So whoever wants to know who listens makes the thread look again, at most once
 * a second.
 *
 * If the proxy becomes known by something else, because its group has another number or name, whoever listens may not
 * be the proxy any more.  Until the thread has looked, nobody is.  Otherwise the rules would give that program its own
 * packets.
 *
 * Anybody may close sockets on a port that the proxy has left.  So there is a pause after each look.
 *
 * If the kernel fails to answer, what was found before still counts, and there is another look soon.
 */
#include "proxy-watch.h"

#include "proxy-ears.h"
#include "proxy-owned.h"
#include "system/base/post.h"

#include <errno.h>
#include <glib-unix.h>
#include <unistd.h>

const DivertProxyPace divert_proxy_pace = { .quick_ms = 50, .slow_ms = 1000, .hopeful_ms = 10000, .apart_ms = 20,
                                            .asked_ms = 1000 };

struct DivertProxyWatch
{
  DivertProxyPace    pace;
  gint64             asked;    /* when the caller last made the thread look; only it uses this and the next one */
  gboolean           guessed;  /* what it was told last was unsure */

  GMutex             lock;     /* for what follows, up to the thread */
  GArray            *needed;   /* DivertListening */
  GArray            *found;    /* DivertListening */
  gboolean           has_gid;
  guint32            gid;
  GRefString        *unit;     /* NULL: none */
  guint              questions; /* how often there was another one to answer */
  gboolean           unsure;   /* some of @found isn't an answer to the last one */
  DivertLookAgain    changed;  /* NULL: nobody wants to know any more */
  gpointer           user_data;

  GThread           *thread;
  GMainContext      *context;
  GMainLoop         *loop;

  /* The thread's own. */
  DivertNetlink     *netlink;
  DivertProxyOwned  *owned;
  int                ears;
  GSource           *timer;
  gint64             looked;   /* monotonic; 0: never */
  gint64             moved;    /* when it last found a change */
};

static gboolean look (gpointer user_data);

static void
set_timer (DivertProxyWatch *watch,
           gint64            when)
{
  if (watch->timer != NULL)
    g_source_destroy (watch->timer);
  g_clear_pointer (&watch->timer, g_source_unref);
  if (when == 0)
    return;
  watch->timer = g_timeout_source_new (MAX (when - g_get_monotonic_time (), 0) / 1000);
  g_source_set_callback (watch->timer, look, watch, NULL);
  g_source_attach (watch->timer, watch->context);
}

static void
look_soon (DivertProxyWatch *watch)
{
  set_timer (watch, MAX (g_get_monotonic_time (), watch->looked + watch->pace.apart_ms * G_TIME_SPAN_MILLISECOND));
}

static void
watch_clear (gpointer data)
{
  DivertProxyWatch *watch = data;

  g_array_unref (watch->needed);
  g_array_unref (watch->found);
  g_clear_pointer (&watch->unit, g_ref_string_release);
  g_mutex_clear (&watch->lock);
}

static void
watch_unref (gpointer data)
{
  g_atomic_rc_box_release_full (data, watch_clear);
}

static gboolean
on_changed (gpointer user_data)
{
  const DivertProxyWatch *watch = user_data;

  if (watch->changed != NULL)
    watch->changed (watch->user_data);
  return G_SOURCE_REMOVE;
}

static gboolean
is_missing (const DivertListening *item)
{
  return item->use == DIVERT_PORT_DNS ? item->listener == DIVERT_LISTENER_NONE : item->listener != DIVERT_LISTENER_GOOD;
}

/* When to look again, after a look @now; monotonic, 0: not until something is heard.  @sure: all questions had an
 * answer. */
static gint64
find_next_look (const DivertProxyWatch *watch,
                const GArray           *list,
                gboolean                sure,
                gint64                  now)
{
  gboolean missing = !sure, urgent = now < watch->moved + watch->pace.hopeful_ms * G_TIME_SPAN_MILLISECOND;

  for (guint i = 0; i < list->len; i++)
    {
      const DivertListening *item = &g_array_index (list, DivertListening, i);

      missing |= is_missing (item);
      urgent |= is_missing (item) && item->use == DIVERT_PORT_TPROXY;
    }
  return missing ? now + (urgent ? watch->pace.quick_ms : watch->pace.slow_ms) * G_TIME_SPAN_MILLISECOND : 0;
}

/* Fills @list in.  What cannot be found out now is as in @former, and what never can is left out.  TRUE: nothing is as
 * in @former for want of an answer. */
static gboolean
find (DivertProxyWatch *watch,
      GArray           *list,
      const GArray     *former)
{
  gboolean sure = TRUE;

  for (guint i = list->len; i > 0; i--)
    {
      DivertListening *item = &g_array_index (list, DivertListening, i - 1);
      const DivertListening *before = NULL;
      g_autoptr(GError) error = NULL;

      if (divert_listener_find (watch->netlink, item, divert_proxy_owned_has, watch->owned, &error))
        continue;
      g_info ("%s", error->message);
      /* A kernel without that kind of question. */
      if (!g_error_matches (error, DIVERT_NETLINK_ERROR, ENOENT))
        {
          sure = FALSE;
          before = divert_listening_find (former, item->use, item->port, item->protocol, item->family);
        }
      if (before != NULL)
        *item = *before;
      else
        g_array_remove_index (list, i - 1);
    }
  return sure;
}

/* @list answers that question, and @sure if it does so as a whole.  TRUE: something has changed. */
static gboolean
keep (DivertProxyWatch *watch,
      GArray           *list,
      gboolean          sure,
      guint             question)
{
  gboolean changed;

  g_mutex_lock (&watch->lock);
  /* If there is another question by now, it is about to be answered. */
  changed = question == watch->questions &&
            ((watch->unsure && sure) || !divert_listening_equal (watch->found, list));
  if (changed)
    {
      g_array_unref (watch->found);
      watch->found = g_array_ref (list);
      watch->unsure &= !sure;
    }
  g_mutex_unlock (&watch->lock);
  return changed;
}

static gboolean
look (gpointer user_data)
{
  DivertProxyWatch *watch = user_data;
  const gint64 now = g_get_monotonic_time ();
  g_autoptr(GArray) list = NULL, former = NULL;
  gboolean has_gid, sure;
  GRefString *unit;
  guint32 gid;
  guint question;

  g_mutex_lock (&watch->lock);
  question = watch->questions;
  list = g_array_copy (watch->needed);
  former = g_array_ref (watch->found);
  has_gid = watch->has_gid;
  gid = watch->gid;
  unit = watch->unit != NULL ? g_ref_string_acquire (watch->unit) : NULL;
  g_mutex_unlock (&watch->lock);

  if (!has_gid)
    g_array_set_size (list, 0);
  divert_proxy_owned_begin (watch->owned, gid, unit, now);
  sure = find (watch, list, former);
  divert_proxy_owned_end (watch->owned);
  g_clear_pointer (&unit, g_ref_string_release);
  if (keep (watch, list, sure, question))
    {
      watch->moved = now;
      divert_post (NULL, on_changed, g_atomic_rc_box_acquire (watch), watch_unref);
    }
  watch->looked = now;
  set_timer (watch, find_next_look (watch, list, sure, now));
  return G_SOURCE_REMOVE;
}

static gboolean
on_heard (int          fd,
          GIOCondition condition,
          gpointer     user_data)
{
  divert_proxy_ears_empty (fd);
  look_soon (user_data);
  return G_SOURCE_CONTINUE;
}

/* In the thread: the ports are other ones. */
static gboolean
on_set (gpointer user_data)
{
  DivertProxyWatch *watch = user_data;
  g_autoptr(GArray) needed = NULL;

  g_mutex_lock (&watch->lock);
  needed = g_array_copy (watch->needed);
  g_mutex_unlock (&watch->lock);
  divert_proxy_ears_set_ports (watch->ears, needed);
  divert_proxy_owned_forget (watch->owned);
  look_soon (watch);
  return G_SOURCE_REMOVE;
}

static gpointer
run (gpointer data)
{
  DivertProxyWatch *watch = data;

  g_main_context_push_thread_default (watch->context);
  g_main_loop_run (watch->loop);
  set_timer (watch, 0);
  g_main_context_pop_thread_default (watch->context);
  return NULL;
}

DivertProxyWatch *
divert_proxy_watch_new (const DivertProxyPace  *pace,
                        DivertLookAgain         changed,
                        gpointer                user_data,
                        GError                **error)
{
  g_autoptr(DivertNetlink) netlink = divert_netlink_new (NETLINK_SOCK_DIAG, error);
  const int ears = netlink != NULL ? divert_proxy_ears_open (error) : -1;
  g_autoptr(GSource) source = NULL;
  DivertProxyWatch *watch;

  if (ears < 0)
    return NULL;
  watch = g_atomic_rc_box_new0 (DivertProxyWatch);
  g_mutex_init (&watch->lock);
  watch->pace = *pace;
  watch->needed = divert_listening_new ();
  watch->found = divert_listening_new ();
  watch->asked = g_get_monotonic_time ();
  watch->changed = changed;
  watch->user_data = user_data;
  watch->netlink = g_steal_pointer (&netlink);
  watch->owned = divert_proxy_owned_new ();
  watch->ears = ears;
  watch->context = g_main_context_new ();
  watch->loop = g_main_loop_new (watch->context, FALSE);
  source = g_unix_fd_source_new (ears, G_IO_IN);
  g_source_set_callback (source, G_SOURCE_FUNC (on_heard), watch, NULL);
  g_source_attach (source, watch->context);
  watch->thread = g_thread_new ("proxy", run, watch);
  return watch;
}

static gboolean
on_end (gpointer user_data)
{
  g_main_loop_quit (((DivertProxyWatch *) user_data)->loop);
  return G_SOURCE_REMOVE;
}

void
divert_proxy_watch_free (DivertProxyWatch *watch)
{
  if (watch == NULL)
    return;
  watch->changed = NULL;
  divert_post (watch->context, on_end, watch, NULL);
  g_thread_join (watch->thread);
  g_main_loop_unref (watch->loop);
  g_main_context_unref (watch->context);
  divert_netlink_free (watch->netlink);
  divert_proxy_owned_free (watch->owned);
  close (watch->ears);
  watch_unref (watch);
}

/* Is it no longer certain that the proxy is still the same? */
static gboolean
is_other_proxy (const DivertProxyWatch *watch,
                const guint32          *gid,
                const char             *unit)
{
  return watch->has_gid && gid != NULL &&
         (watch->gid != *gid || (watch->unit != NULL && g_strcmp0 (watch->unit, unit) != 0));
}

/* The thread reads the former list without the lock. */
static void
distrust (DivertProxyWatch *watch)
{
  GArray *list = g_array_copy (watch->found);

  for (guint i = 0; i < list->len; i++)
    {
      DivertListening *item = &g_array_index (list, DivertListening, i);

      if (item->use != DIVERT_PORT_TPROXY || item->listener != DIVERT_LISTENER_GOOD)
        continue;
      item->listener = DIVERT_LISTENER_NONE;
      watch->unsure = TRUE;
    }
  g_array_unref (watch->found);
  watch->found = list;
}

void
divert_proxy_watch_set (DivertProxyWatch *watch,
                        const GArray     *needed,
                        const guint32    *gid,
                        GRefString       *unit)
{
  gboolean same;

  g_mutex_lock (&watch->lock);
  same = divert_listening_equal (watch->needed, needed) && watch->has_gid == (gid != NULL) &&
         (gid == NULL || watch->gid == *gid) && g_strcmp0 (watch->unit, unit) == 0;
  if (!same)
    {
      if (is_other_proxy (watch, gid, unit))
        distrust (watch);
      watch->questions++;
      g_array_unref (watch->needed);
      watch->needed = g_array_copy ((GArray *) needed);
      watch->has_gid = gid != NULL;
      watch->gid = gid != NULL ? *gid : 0;
      g_clear_pointer (&watch->unit, g_ref_string_release);
      watch->unit = unit != NULL ? g_ref_string_acquire (unit) : NULL;
    }
  g_mutex_unlock (&watch->lock);
  if (!same)
    divert_post (watch->context, on_set, watch, NULL);
}

static gboolean
on_asked (gpointer user_data)
{
  DivertProxyWatch *watch = user_data;

  if (g_get_monotonic_time () >= watch->looked + watch->pace.asked_ms * G_TIME_SPAN_MILLISECOND)
    look_soon (watch);
  return G_SOURCE_REMOVE;
}

void
divert_proxy_watch_gather (DivertProxyWatch *watch,
                           DivertFacts      *facts)
{
  const gint64 now = g_get_monotonic_time ();

  if (now >= watch->asked + watch->pace.asked_ms * G_TIME_SPAN_MILLISECOND)
    {
      watch->asked = now;
      divert_post (watch->context, on_asked, watch, NULL);
    }
  g_mutex_lock (&watch->lock);
  g_array_append_vals (facts->listening, watch->found->data, watch->found->len);
  watch->guessed = watch->unsure;
  g_mutex_unlock (&watch->lock);
}

gboolean
divert_proxy_watch_has_guessed (const DivertProxyWatch *watch)
{
  return watch->guessed;
}
