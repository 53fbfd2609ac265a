/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the shape of the question (RFC 1035).
 *
 * The name is below example.com, because resolvers are to treat that as any other one (RFC 6761).  They answer what is
 * below test or invalid themselves.
 */
#include "question.h"

#include <string.h>

#define HEADER_BYTES 12
#define IS_ANSWER 0x80  /* in the third byte */
#define RCODE_MASK 0x0f /* in the fourth one */
#define RCODE_NONE 0
#define RCODE_NO_SUCH_NAME 3

void
divert_question_make (DivertQuestion *question,
                      const guint8    random[DIVERT_QUESTION_DIGITS + 2])
{
  /* One question, recursion desired. */
  static const guint8 header[HEADER_BYTES] = { [2] = 0x01, [5] = 1 };
  /* Type A, class IN. */
  static const guint8 rest[] = { 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 3, 'c', 'o', 'm', 0, 0, 1, 0, 1 };
  guint8 *digits = question->message + DIVERT_QUESTION_OFFSET;

  G_STATIC_ASSERT (DIVERT_QUESTION_OFFSET + DIVERT_QUESTION_DIGITS + sizeof rest == DIVERT_QUESTION_BYTES);
  memcpy (question->message, header, sizeof header);
  memcpy (question->message, random + DIVERT_QUESTION_DIGITS, 2);
  question->message[HEADER_BYTES] = DIVERT_QUESTION_DIGITS;
  for (guint i = 0; i < DIVERT_QUESTION_DIGITS; i++)
    digits[i] = '0' + random[i] % 10;
  memcpy (digits + DIVERT_QUESTION_DIGITS, rest, sizeof rest);
}

gboolean
divert_question_is_answered (const DivertQuestion *question,
                             const guint8         *message,
                             gsize                 length)
{
  guint rcode;

  if (length < HEADER_BYTES || memcmp (message, question->message, 2) != 0 || (message[2] & IS_ANSWER) == 0)
    return FALSE;
  rcode = message[3] & RCODE_MASK;
  return rcode == RCODE_NONE || rcode == RCODE_NO_SUCH_NAME;
}
