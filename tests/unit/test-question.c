/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The question to a resolver, and what answers it. */
#include "core/words/question.h"

#include <string.h>

static void
make (DivertQuestion *question)
{
  guint8 random[DIVERT_QUESTION_DIGITS + 2];

  for (guint i = 0; i < sizeof random; i++)
    random[i] = 250 + i;
  divert_question_make (question, random);
}

static void
test_shape (void)
{
  static const guint8 begin[] = { 0x1a, 0x1b, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 32 };
  DivertQuestion question;

  make (&question);
  g_assert_cmpmem (question.message, DIVERT_QUESTION_OFFSET, begin, sizeof begin);
  g_assert_cmpmem (question.message + DIVERT_QUESTION_OFFSET, DIVERT_QUESTION_BYTES - DIVERT_QUESTION_OFFSET,
                   "01234501234567890123456789012345\7example\3com\0\0\1\0\1", DIVERT_QUESTION_DIGITS + 17);
}

/* As RFC 1035 has the third and the fourth byte. */
static void
test_answers (void)
{
  static const struct
  {
    guint8   flags, rcode;
    gboolean answers;
  } cases[] = {
    { 0x81, 0x80, TRUE },  /* there is one, or nothing of this type */
    { 0x81, 0x83, TRUE },  /* no such name */
    { 0x85, 0x00, TRUE },
    { 0x81, 0x82, FALSE }, /* server failure */
    { 0x81, 0x85, FALSE }, /* refused */
    { 0x01, 0x00, FALSE }, /* our own question */
  };
  DivertQuestion question;

  make (&question);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      guint8 message[12] = { question.message[0], question.message[1], cases[i].flags, cases[i].rcode };

      g_test_message ("%u", i);
      g_assert_cmpint (divert_question_is_answered (&question, message, sizeof message), ==, cases[i].answers);
      g_assert_false (divert_question_is_answered (&question, message, sizeof message - 1));
      message[1] ^= 1;
      g_assert_false (divert_question_is_answered (&question, message, sizeof message));
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/question/shape", test_shape);
  g_test_add_func ("/question/answers", test_answers);
  return g_test_run ();
}
