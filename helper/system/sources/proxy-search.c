/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: when the listeners are looked for.
 *
 * Theory of operation.  The kernel announces the end of each socket (K2.6).  A filter on our socket lets only those
 * pass that were on one of our ports and had no peer.  So while the proxy lives, nothing wakes the thread, however
 * many connections come and go.  Nobody announces a beginning.  So while somebody is missing, a timer looks: often if
 * it is a TPROXY port, which is refused until we have seen the proxy there, and otherwise seldom.  Somebody may also
 * come to share a port with the proxy.  So whoever wants to know who listens makes the thread look again, at most once
 * a second.
 *
 * Anybody may close sockets on a port that the proxy has left.  So there is a pause after each look.
 *
 * If the kernel fails to answer, what was found before still counts, and there is another look soon.
 */
#include "proxy-search.h"

#include "proxy-ears.h"
#include "proxy-owned.h"

#include <errno.h>
#include <glib-unix.h>
#include <unistd.h>

struct DivertProxySearch
{
  DivertProxyPace      pace;
  GMainContext        *context;
  DivertProxyAnswered  answered;
  gpointer             user_data;
  DivertProxyQuestion *question;
  GArray              *found;    /* DivertListening: the last answer to it, or what counts without one */
  gboolean             unsure;   /* some of @found is no answer to it */
  DivertNetlink       *netlink;
  DivertProxyOwned    *owned;
  int                  ears;
  GSource             *hearing;
  GSource             *timer;
  gint64               looked;   /* monotonic; 0: never */
  gint64               moved;    /* when it last found a change */
};

static void
question_clear (gpointer data)
{
  DivertProxyQuestion *question = data;

  g_array_unref (question->needed);
  g_array_unref (question->former);
  g_clear_pointer (&question->unit, g_ref_string_release);
}

DivertProxyQuestion *
divert_proxy_question_ref (DivertProxyQuestion *question)
{
  return g_atomic_rc_box_acquire (question);
}

void
divert_proxy_question_unref (DivertProxyQuestion *question)
{
  g_atomic_rc_box_release_full (question, question_clear);
}

void
divert_proxy_answer_free (DivertProxyAnswer *answer)
{
  if (answer == NULL)
    return;
  g_array_unref (answer->found);
  g_free (answer);
}

static gboolean look (gpointer user_data);

static void
set_timer (DivertProxySearch *search,
           gint64             when)
{
  if (search->timer != NULL)
    g_source_destroy (search->timer);
  g_clear_pointer (&search->timer, g_source_unref);
  if (when == 0)
    return;
  search->timer = g_timeout_source_new (MAX (when - g_get_monotonic_time (), 0) / 1000);
  g_source_set_callback (search->timer, look, search, NULL);
  g_source_attach (search->timer, search->context);
}

static void
look_soon (DivertProxySearch *search)
{
  set_timer (search, MAX (g_get_monotonic_time (), search->looked + search->pace.apart_ms * G_TIME_SPAN_MILLISECOND));
}

/* When to look again, after a look @now; monotonic, 0: not until something is heard.  @sure: all questions had an
 * answer. */
static gint64
find_next_look (const DivertProxySearch *search,
                const GArray            *list,
                gboolean                 sure,
                gint64                   now)
{
  gboolean missing = !sure, urgent = now < search->moved + search->pace.hopeful_ms * G_TIME_SPAN_MILLISECOND;

  for (guint i = 0; i < list->len; i++)
    {
      const DivertListening *item = &g_array_index (list, DivertListening, i);

      missing |= divert_listening_is_wrong (item);
      urgent |= divert_listening_is_wrong (item) && item->use == DIVERT_PORT_TPROXY;
    }
  return missing ? now + (urgent ? search->pace.quick_ms : search->pace.slow_ms) * G_TIME_SPAN_MILLISECOND : 0;
}

/* Fills @list in.  What cannot be found out now is as it was, and what never can is left out.  TRUE: nothing is as it
 * was for want of an answer. */
static gboolean
find (DivertProxySearch *search,
      GArray            *list)
{
  gboolean sure = TRUE;

  for (guint i = list->len; i > 0; i--)
    {
      DivertListening *item = &g_array_index (list, DivertListening, i - 1);
      const DivertListening *before = NULL;
      g_autoptr(GError) error = NULL;

      if (divert_listener_find (search->netlink, item, divert_proxy_owned_has, search->owned, &error))
        continue;
      g_info ("%s", error->message);
      /* A kernel without that kind of question. */
      if (!g_error_matches (error, DIVERT_NETLINK_ERROR, ENOENT))
        {
          sure = FALSE;
          before = divert_listening_find (search->found, item->use, item->port, item->protocol, item->family);
        }
      if (before != NULL)
        *item = *before;
      else
        g_array_remove_index (list, i - 1);
    }
  return sure;
}

/* @list answers the question, and @sure if it does so as a whole.  TRUE: something has changed. */
static gboolean
keep (DivertProxySearch *search,
      GArray            *list,
      gboolean           sure)
{
  DivertProxyAnswer *answer;

  if (!(search->unsure && sure) && divert_listening_equal (search->found, list))
    return FALSE;
  g_array_unref (search->found);
  search->found = g_array_ref (list);
  search->unsure &= !sure;
  answer = g_new (DivertProxyAnswer, 1);
  *answer = (DivertProxyAnswer) { search->question->number, g_array_ref (list), search->unsure };
  search->answered (answer, search->user_data);
  return TRUE;
}

static gboolean
look (gpointer user_data)
{
  DivertProxySearch *search = user_data;
  const DivertProxyQuestion *question = search->question;
  const gint64 now = g_get_monotonic_time ();
  g_autoptr(GArray) list = g_array_copy (question->needed);
  gboolean sure;

  if (!question->has_gid)
    g_array_set_size (list, 0);
  divert_proxy_owned_begin (search->owned, question->gid, question->unit, now);
  sure = find (search, list);
  divert_proxy_owned_end (search->owned);
  if (keep (search, list, sure))
    search->moved = now;
  search->looked = now;
  set_timer (search, find_next_look (search, list, sure, now));
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

static void
take_question (DivertProxySearch   *search,
               DivertProxyQuestion *question)
{
  g_clear_pointer (&search->question, divert_proxy_question_unref);
  g_clear_pointer (&search->found, g_array_unref);
  search->question = divert_proxy_question_ref (question);
  search->found = g_array_ref (question->former);
  search->unsure = question->unsure;
}

void
divert_proxy_search_ask (DivertProxySearch   *search,
                         DivertProxyQuestion *question)
{
  take_question (search, question);
  divert_proxy_ears_set_ports (search->ears, question->needed);
  divert_proxy_owned_forget (search->owned);
  look_soon (search);
}

void
divert_proxy_search_again (DivertProxySearch *search)
{
  if (g_get_monotonic_time () >= search->looked + search->pace.asked_ms * G_TIME_SPAN_MILLISECOND)
    look_soon (search);
}

DivertProxySearch *
divert_proxy_search_new (const DivertProxyPace  *pace,
                         DivertProxyQuestion    *question,
                         GMainContext           *context,
                         DivertProxyAnswered     answered,
                         gpointer                user_data,
                         GError                **error)
{
  g_autoptr(DivertNetlink) netlink = divert_netlink_new (NETLINK_SOCK_DIAG, error);
  const int ears = netlink != NULL ? divert_proxy_ears_open (error) : -1;
  DivertProxySearch *search;

  if (ears < 0)
    return NULL;
  search = g_new0 (DivertProxySearch, 1);
  search->pace = *pace;
  search->context = g_main_context_ref (context);
  search->answered = answered;
  search->user_data = user_data;
  take_question (search, question);
  search->netlink = g_steal_pointer (&netlink);
  search->owned = divert_proxy_owned_new ();
  search->ears = ears;
  search->hearing = g_unix_fd_source_new (ears, G_IO_IN);
  g_source_set_callback (search->hearing, G_SOURCE_FUNC (on_heard), search, NULL);
  g_source_attach (search->hearing, context);
  return search;
}

void
divert_proxy_search_free (DivertProxySearch *search)
{
  if (search == NULL)
    return;
  set_timer (search, 0);
  g_source_destroy (search->hearing);
  g_source_unref (search->hearing);
  divert_proxy_question_unref (search->question);
  g_array_unref (search->found);
  divert_netlink_free (search->netlink);
  divert_proxy_owned_free (search->owned);
  close (search->ears);
  g_main_context_unref (search->context);
  g_free (search);
}
