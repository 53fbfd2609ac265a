/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Questions that anybody may ask, served in turn.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct DivertQuestions DivertQuestions;

/* Answers @invocation, which consumes it, or calls divert_questions_wait(), and answers it later. */
typedef void (*DivertAnswer) (GDBusMethodInvocation *invocation, gpointer user_data);

DivertQuestions *divert_questions_new (gpointer user_data);
void             divert_questions_free (DivertQuestions *questions);

/* Takes @invocation. @answer is called later, unless there are too many questions; then the caller gets an error. */
void             divert_questions_add (DivertQuestions *questions, GDBusMethodInvocation *invocation,
                                       DivertAnswer answer);
/* From now on there is a snapshot to answer from. */
void             divert_questions_open (DivertQuestions *questions);

/* The question that is being served takes longer: no other is served until divert_questions_go_on(). */
void             divert_questions_wait (DivertQuestions *questions);
void             divert_questions_go_on (DivertQuestions *questions);

G_END_DECLS
