/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A question to a resolver, for a name that nobody else asks for, and whether a message answers it.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Digits, because some resolvers change the case of letters. */
#define DIVERT_QUESTION_DIGITS 32
/* Where they are in the message: behind its header, and their own length. */
#define DIVERT_QUESTION_OFFSET 13
#define DIVERT_QUESTION_BYTES (DIVERT_QUESTION_OFFSET + DIVERT_QUESTION_DIGITS + 17)

typedef struct
{
  guint8 message[DIVERT_QUESTION_BYTES];
} DivertQuestion;

/* @random: makes the name, and the message's number. */
void     divert_question_make (DivertQuestion *question, const guint8 random[DIVERT_QUESTION_DIGITS + 2]);
/* There is such a name, or there is none.  That nobody could find out, or wants to say, is no answer. */
gboolean divert_question_is_answered (const DivertQuestion *question, const guint8 *message, gsize length);

G_END_DECLS
