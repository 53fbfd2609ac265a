/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looks for the proxy's listeners, and hears when they end.  Part of proxy-watch.c, in its thread.
 */
#pragma once

#include "proxy-watch.h"

G_BEGIN_DECLS

/* What to look for.  It no longer changes, so both threads may have it. */
typedef struct
{
  guint       number; /* each has another one */
  GArray     *needed; /* DivertListening */
  gboolean    has_gid;
  guint32     gid;
  GRefString *unit;   /* NULL: none */
  GArray     *former; /* DivertListening: what counts until there is an answer … */
  gboolean    unsure; /* … and some of it is no answer to this question */
} DivertProxyQuestion;

/* What was found.  Whoever has it owns it. */
typedef struct
{
  guint     number;   /* of the question */
  GArray   *found;    /* DivertListening; it no longer changes */
  gboolean  unsure;   /* some of it is no answer to the question */
} DivertProxyAnswer;

typedef struct DivertProxySearch DivertProxySearch;

/* Takes @answer, which isn't as the one before. */
typedef void (*DivertProxyAnswered) (DivertProxyAnswer *answer, gpointer user_data);

DivertProxyQuestion *divert_proxy_question_ref (DivertProxyQuestion *question);
void                 divert_proxy_question_unref (DivertProxyQuestion *question);
void                 divert_proxy_answer_free (DivertProxyAnswer *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertProxyAnswer, divert_proxy_answer_free)

/* These two may be called in another thread, while nobody runs @context.  NULL: the kernel tells nothing of sockets. */
DivertProxySearch *divert_proxy_search_new (const DivertProxyPace *pace, DivertProxyQuestion *question,
                                            GMainContext *context, DivertProxyAnswered answered, gpointer user_data,
                                            GError **error);
void               divert_proxy_search_free (DivertProxySearch *search);

/* There is another question. */
void               divert_proxy_search_ask (DivertProxySearch *search, DivertProxyQuestion *question);
/* Looks again, unless it has just done so. */
void               divert_proxy_search_again (DivertProxySearch *search);

G_END_DECLS
