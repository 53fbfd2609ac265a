/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the queue of questions.
 *
 * A call is only put in the queue, which costs next to nothing, and the queue is served one question at a time.  So if
 * somebody floods the helper with questions, a person's change waits for one answer at most.  The queue is short, each
 * caller's share is shorter still, and so is a question (sieve.c).
 */
#include "call-queue.h"

#include "timer.h"

#define MAX_QUESTIONS 256
#define MAX_OF_CALLER 32

typedef struct
{
  GDBusMethodInvocation *invocation;
  DivertAnswer           answer;
} Question;

struct DivertQuestions
{
  gpointer user_data;
  GQueue   queue; /* Question */
  gboolean open;
  gboolean waiting; /* for the answer to one that has been taken from the queue */
  GSource *idle; /* NULL: no question is being served */
};

DivertQuestions *
divert_questions_new (gpointer user_data)
{
  DivertQuestions *questions = g_new0 (DivertQuestions, 1);

  questions->user_data = user_data;
  g_queue_init (&questions->queue);
  return questions;
}

static void
question_free (Question *question)
{
  g_object_unref (question->invocation);
  g_free (question);
}

void
divert_questions_free (DivertQuestions *questions)
{
  if (questions == NULL)
    return;
  divert_timer_clear (&questions->idle);
  g_queue_clear_full (&questions->queue, (GDestroyNotify) question_free);
  g_free (questions);
}

static gboolean
on_idle (gpointer user_data)
{
  DivertQuestions *questions = user_data;
  g_autofree Question *question = g_queue_pop_head (&questions->queue);

  question->answer (question->invocation, questions->user_data);
  if (!questions->waiting && !g_queue_is_empty (&questions->queue))
    return G_SOURCE_CONTINUE;
  divert_timer_clear (&questions->idle);
  return G_SOURCE_REMOVE;
}

static void
serve (DivertQuestions *questions)
{
  if (questions->open && !questions->waiting && questions->idle == NULL && !g_queue_is_empty (&questions->queue))
    questions->idle = divert_timer_new_idle (on_idle, questions);
}

static gboolean
is_too_many (const DivertQuestions *questions,
             const char            *sender)
{
  guint of_sender = 0;

  if (questions->queue.length >= MAX_QUESTIONS)
    return TRUE;
  for (const GList *l = questions->queue.head; l != NULL; l = l->next)
    if (g_strcmp0 (g_dbus_method_invocation_get_sender (((const Question *) l->data)->invocation), sender) == 0)
      of_sender++;
  return of_sender >= MAX_OF_CALLER;
}

void
divert_questions_add (DivertQuestions       *questions,
                      GDBusMethodInvocation *invocation,
                      DivertAnswer           answer)
{
  GDBusMessage *message = g_dbus_method_invocation_get_message (invocation);
  Question *question;

  /* Don't answer a caller that wants no reply. */
  if (g_dbus_message_get_flags (message) & G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED)
    {
      g_object_unref (invocation);
      return;
    }
  if (is_too_many (questions, g_dbus_method_invocation_get_sender (invocation)))
    {
      g_dbus_method_invocation_return_error_literal (invocation, G_DBUS_ERROR, G_DBUS_ERROR_LIMITS_EXCEEDED,
                                                     "too many questions at once");
      return;
    }
  question = g_new (Question, 1);
  *question = (Question) { invocation, answer };
  g_queue_push_tail (&questions->queue, question);
  serve (questions);
}

void
divert_questions_open (DivertQuestions *questions)
{
  questions->open = TRUE;
  serve (questions);
}

void
divert_questions_wait (DivertQuestions *questions)
{
  questions->waiting = TRUE;
}

void
divert_questions_go_on (DivertQuestions *questions)
{
  questions->waiting = FALSE;
  serve (questions);
}
