/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: asking a resolver that isn't the proxy's, in a thread of ordinary priority, and saying what came of it.  When
 * that is done, and why, is in core/memory/circle.c.
 *
 * One program has all the sockets of the DNS port, so it is asked over one family, and what is found goes for all of
 * that user's.
 */
#include "resolver.h"

#include "core/memory/circle.h"
#include "system/base/worker.h"
#include "system/filter/echo.h"
#include "system/sources/resolver-question.h"

#include <netinet/in.h>
#include <sys/random.h>

/* As long as a program waits for a slow proxy that has just begun. */
#define TIMES 3
#define PATIENCE_MS 1000

struct DivertResolver
{
  DivertLookAgain  changed;
  gpointer         user_data;
  DivertWorker    *worker;
  DivertEcho      *echo;
  DivertConfig    *config;    /* NULL: none yet */
  DivertCircle     circle;
  DivertFamily     family;    /* over which it can be asked */
  gboolean         redirects;
  gboolean         busy;
  guint            timer_id;
};

typedef struct
{
  DivertResolver *resolver;   /* for the main loop */
  DivertQuestion  question;
  DivertFamily    family;
  guint16         port;
  guint64         sockets;
  gboolean        listens;    /* the echo does, so the question could come back */
  gboolean        answered;
} Job;

/* In the thread. */
static void
work (gpointer data)
{
  Job *job = data;

  job->answered = divert_resolver_question_ask (job->family, job->port, &job->question, TIMES, PATIENCE_MS);
}

static void set_timer (DivertResolver *resolver);

static DivertEchoKind
conclude (const Job *job)
{
  g_autoptr(GError) error = NULL;
  guint64 heard = 0;

  if (job->listens && !divert_echo_end (job->resolver->echo, &heard, &error))
    g_info ("whether the resolver asks itself can't be told: %s", error->message);
  if (job->answered)
    return DIVERT_ECHO_ANSWERED;
  return heard > 0 ? DIVERT_ECHO_HEARD : DIVERT_ECHO_NONE;
}

static void
on_done (gpointer data)
{
  static const char *const words[] = {
    [DIVERT_ECHO_NONE] = "doesn't answer", [DIVERT_ECHO_HEARD] = "asks itself", [DIVERT_ECHO_ANSWERED] = "answers",
  };
  const Job *job = data;
  DivertResolver *resolver = job->resolver;
  const DivertEchoKind found = conclude (job);

  g_info ("the resolver on port %u, which isn't the proxy's, %s", job->port, words[found]);
  resolver->busy = FALSE;
  if (divert_circle_learn (&resolver->circle, job->sockets, found, g_get_monotonic_time ()))
    resolver->changed (resolver->user_data);
  set_timer (resolver);
}

/* FALSE: there is no randomness yet. */
static gboolean
make_question (DivertQuestion *question)
{
  guint8 random[DIVERT_QUESTION_DIGITS + 2];

  if (getrandom (random, sizeof random, GRND_NONBLOCK) != (ssize_t) sizeof random)
    return FALSE;
  divert_question_make (question, random);
  return TRUE;
}

/* Refused, it can't hear its own question. */
static void
listen_for (DivertResolver *resolver,
            Job            *job)
{
  g_autoptr(GError) error = NULL;

  if (resolver->circle.closed)
    return;
  job->listens = divert_echo_begin (resolver->echo, job->port, &job->question, &error);
  if (error != NULL)
    g_info ("whether the resolver asks itself can't be told: %s", error->message);
}

static void
start (DivertResolver *resolver)
{
  Job *job = g_new0 (Job, 1);

  divert_circle_ask (&resolver->circle, g_get_monotonic_time ());
  *job = (Job) { .resolver = resolver, .family = resolver->family, .port = resolver->config->dns_port,
                 .sockets = resolver->circle.sockets };
  if (!make_question (&job->question))
    {
      g_free (job);
      return;
    }
  listen_for (resolver, job);
  resolver->busy = TRUE;
  /* Nobody needs the thread before. */
  if (resolver->worker == NULL)
    resolver->worker = divert_worker_new ("resolver");
  divert_worker_add (resolver->worker, work, on_done, job, g_free);
}

static gboolean
on_timer (gpointer user_data)
{
  DivertResolver *resolver = user_data;

  resolver->timer_id = 0;
  start (resolver);
  return G_SOURCE_REMOVE;
}

static void
set_timer (DivertResolver *resolver)
{
  const gint64 left = resolver->circle.due - g_get_monotonic_time ();

  g_clear_handle_id (&resolver->timer_id, g_source_remove);
  if (resolver->circle.due != 0 && resolver->redirects && !resolver->busy)
    resolver->timer_id = g_timeout_add (MAX (left, 0) / 1000, on_timer, resolver);
}

static gboolean
is_foreign (const DivertListening *item,
            const DivertConfig    *config)
{
  return item->use == DIVERT_PORT_DNS && item->port == config->dns_port && item->listener == DIVERT_LISTENER_FOREIGN;
}

/* The socket that can be asked; NULL: none. */
static const DivertListening *
find_resolver (const DivertConfig *config,
               const DivertFacts  *facts)
{
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      const DivertListening *item =
        divert_listening_find (facts->listening, DIVERT_PORT_DNS, config->dns_port, IPPROTO_UDP, family);

      if (item != NULL && is_foreign (item, config))
        return item;
    }
  return NULL;
}

void
divert_resolver_gather (DivertResolver     *resolver,
                        const DivertConfig *config,
                        gboolean            happened,
                        DivertFacts        *facts)
{
  const DivertListening *found = find_resolver (config, facts);
  const guint32 uid = found != NULL ? found->uid : 0;
  guint64 sockets = 0;

  if (resolver->config != config)
    {
      divert_circle_forget (&resolver->circle);
      divert_config_free (resolver->config);
      resolver->config = divert_config_ref ((DivertConfig *) config);
    }
  if (found != NULL)
    resolver->family = found->family;
  for (guint i = 0; found != NULL && i < facts->listening->len; i++)
    {
      const DivertListening *item = &g_array_index (facts->listening, DivertListening, i);

      if (is_foreign (item, config) && item->uid == uid)
        sockets += item->sockets;
    }
  if (happened || sockets != resolver->circle.sockets)
    divert_circle_see (&resolver->circle, sockets, g_get_monotonic_time ());
  for (guint i = 0; resolver->circle.closed && i < facts->listening->len; i++)
    {
      DivertListening *item = &g_array_index (facts->listening, DivertListening, i);

      if (is_foreign (item, config) && item->uid == uid)
        item->listener = DIVERT_LISTENER_ASKS_ITSELF;
    }
}

void
divert_resolver_ask (DivertResolver *resolver,
                     gboolean        redirects)
{
  resolver->redirects = redirects;
  set_timer (resolver);
}

DivertResolver *
divert_resolver_new (DivertLookAgain changed,
                     gpointer        user_data)
{
  DivertResolver *resolver = g_new0 (DivertResolver, 1);

  resolver->changed = changed;
  resolver->user_data = user_data;
  resolver->echo = divert_echo_new ();
  return resolver;
}

void
divert_resolver_free (DivertResolver *resolver)
{
  if (resolver == NULL)
    return;
  g_clear_handle_id (&resolver->timer_id, g_source_remove);
  divert_worker_free (resolver->worker);
  divert_echo_free (resolver->echo);
  divert_config_free (resolver->config);
  g_free (resolver);
}
