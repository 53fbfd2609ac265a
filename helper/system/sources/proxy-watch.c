/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the thread of ordinary priority that looks for the listeners (proxy-search.c), and what it and the main loop
 * tell each other.
 *
 * Any user can keep that thread from running for a while, and the main loop comes here before it closes the fence.  So
 * the two share no lock, not even that of the thread's context: the main loop would wait for a thread that waits for a
 * processor.  A question no longer changes once it is asked.  It goes down, and the answer up, by an atomic exchange.
 * Whoever hands one over gets the previous one back, if it hasn't been fetched.
 *
 * If the proxy becomes known by something else, because its group has another number or name, whoever listens may not
 * be the proxy any more.  Until the thread has looked, nobody is.  Otherwise the rules would give that program its own
 * packets.
 */
#include "proxy-watch.h"

#include "proxy-search.h"
#include "system/base/post.h"
#include "system/netlink/netlink.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/eventfd.h>
#include <unistd.h>

const DivertProxyPace divert_proxy_pace = { .quick_ms = 50, .slow_ms = 1000, .hopeful_ms = 10000, .apart_ms = 20,
                                            .asked_ms = 1000 };

struct DivertProxyWatch
{
  /* Handed over, exchanged atomically; NULL: fetched. */
  DivertProxyQuestion *next;     /* to the thread */
  DivertProxyAnswer   *fresh;    /* by the thread */
  int                  wake;     /* eventfd: the thread should fetch, or look again */

  /* The main loop's own. */
  DivertLookAgain      changed;  /* NULL: nobody wants to know any more */
  gpointer             user_data;
  gint64               apart;    /* so long apart does it make the thread look, in µs … */
  gint64               asked;    /* … and then it did so last */
  DivertProxyQuestion *question; /* the last one */
  GArray              *found;    /* DivertListening: the last answer to it, or what counts without one */
  gboolean             unsure;   /* some of @found is no answer to it */
  gboolean             guessed;  /* what was told last was unsure */
  GThread             *thread;
  GMainContext        *context;
  GMainLoop           *loop;

  DivertProxySearch   *search;   /* the thread's own */
};

static void
watch_clear (gpointer data)
{
  DivertProxyWatch *watch = data;

  divert_proxy_answer_free (watch->fresh);
  g_clear_pointer (&watch->next, divert_proxy_question_unref);
  divert_proxy_question_unref (watch->question);
  g_array_unref (watch->found);
  if (watch->wake >= 0)
    close (watch->wake);
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

/* In the thread. */
static void
on_answered (DivertProxyAnswer *answer,
             gpointer           user_data)
{
  DivertProxyWatch *watch = user_data;

  divert_proxy_answer_free (__atomic_exchange_n (&watch->fresh, answer, __ATOMIC_ACQ_REL));
  divert_post (NULL, on_changed, g_atomic_rc_box_acquire (watch), watch_unref);
}

static void
fetch (DivertProxyWatch *watch)
{
  g_autoptr(DivertProxyAnswer) answer = __atomic_exchange_n (&watch->fresh, NULL, __ATOMIC_ACQ_REL);

  /* If there is another question by now, it is about to be answered. */
  if (answer == NULL || answer->number != watch->question->number)
    return;
  g_array_unref (watch->found);
  watch->found = g_array_ref (answer->found);
  watch->unsure = answer->unsure;
}

/* In the thread. */
static gboolean
on_woken (int          fd,
          GIOCondition condition,
          gpointer     user_data)
{
  DivertProxyWatch *watch = user_data;
  DivertProxyQuestion *question;
  eventfd_t count;

  eventfd_read (fd, &count);
  question = __atomic_exchange_n (&watch->next, NULL, __ATOMIC_ACQ_REL);
  if (question != NULL)
    divert_proxy_search_ask (watch->search, question);
  else
    divert_proxy_search_again (watch->search);
  g_clear_pointer (&question, divert_proxy_question_unref);
  return G_SOURCE_CONTINUE;
}

static gpointer
run (gpointer data)
{
  DivertProxyWatch *watch = data;
  GSource *waking = g_unix_fd_source_new (watch->wake, G_IO_IN);

  g_source_set_callback (waking, G_SOURCE_FUNC (on_woken), watch, NULL);
  g_source_attach (waking, watch->context);
  g_main_context_push_thread_default (watch->context);
  g_main_loop_run (watch->loop);
  g_main_context_pop_thread_default (watch->context);
  g_source_destroy (waking);
  g_source_unref (waking);
  return NULL;
}

/* What counts until it is answered is what @watch has found.  @gid: NULL: nobody is the proxy. */
static DivertProxyQuestion *
make_question (const DivertProxyWatch *watch,
               const GArray           *needed,
               const guint32          *gid,
               GRefString             *unit)
{
  DivertProxyQuestion *question = g_atomic_rc_box_new0 (DivertProxyQuestion);

  question->number = watch->question != NULL ? watch->question->number + 1 : 0;
  question->needed = g_array_copy ((GArray *) needed);
  question->has_gid = gid != NULL;
  question->gid = gid != NULL ? *gid : 0;
  question->unit = unit != NULL ? g_ref_string_acquire (unit) : NULL;
  question->former = g_array_ref (watch->found);
  question->unsure = watch->unsure;
  return question;
}

DivertProxyWatch *
divert_proxy_watch_new (const DivertProxyPace  *pace,
                        DivertLookAgain         changed,
                        gpointer                user_data,
                        GError                **error)
{
  DivertProxyWatch *watch = g_atomic_rc_box_new0 (DivertProxyWatch);
  g_autoptr(GMainContext) context = g_main_context_new ();

  watch->found = divert_listening_new ();
  watch->question = make_question (watch, watch->found, NULL, NULL);
  watch->wake = eventfd (0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (watch->wake < 0)
    g_set_error (error, DIVERT_NETLINK_ERROR, errno, "%s", g_strerror (errno));
  else
    watch->search = divert_proxy_search_new (pace, watch->question, context, on_answered, watch, error);
  if (watch->search == NULL)
    {
      watch_unref (watch);
      return NULL;
    }
  watch->apart = pace->asked_ms * G_TIME_SPAN_MILLISECOND;
  watch->asked = g_get_monotonic_time ();
  watch->changed = changed;
  watch->user_data = user_data;
  watch->context = g_steal_pointer (&context);
  watch->loop = g_main_loop_new (watch->context, FALSE);
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
  divert_proxy_search_free (watch->search);
  g_main_loop_unref (watch->loop);
  g_main_context_unref (watch->context);
  watch_unref (watch);
}

/* Is it no longer certain that the proxy is still the same? */
static gboolean
is_other_proxy (const DivertProxyQuestion *question,
                const guint32             *gid,
                const char                *unit)
{
  return question->has_gid && gid != NULL &&
         (question->gid != *gid || (question->unit != NULL && g_strcmp0 (question->unit, unit) != 0));
}

/* The thread reads the former list. */
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
  const DivertProxyQuestion *last = watch->question;
  DivertProxyQuestion *question, *missed;

  if (divert_listening_equal (last->needed, needed) && last->has_gid == (gid != NULL) &&
      (gid == NULL || last->gid == *gid) && g_strcmp0 (last->unit, unit) == 0)
    return;
  fetch (watch);
  if (is_other_proxy (last, gid, unit))
    distrust (watch);
  question = make_question (watch, needed, gid, unit);
  divert_proxy_question_unref (watch->question);
  watch->question = question;
  missed = __atomic_exchange_n (&watch->next, divert_proxy_question_ref (question), __ATOMIC_ACQ_REL);
  g_clear_pointer (&missed, divert_proxy_question_unref);
  eventfd_write (watch->wake, 1);
}

void
divert_proxy_watch_gather (DivertProxyWatch *watch,
                           DivertFacts      *facts)
{
  const gint64 now = g_get_monotonic_time ();

  if (now >= watch->asked + watch->apart)
    {
      watch->asked = now;
      eventfd_write (watch->wake, 1);
    }
  fetch (watch);
  g_array_append_vals (facts->listening, watch->found->data, watch->found->len);
  watch->guessed = watch->unsure;
}

gboolean
divert_proxy_watch_has_guessed (const DivertProxyWatch *watch)
{
  return watch->guessed;
}
