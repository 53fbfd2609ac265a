/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's answers: complete, cut short, and with wrong lengths. */
#include "system/netlink/netlink-answer.h"

#include <errno.h>
#include <string.h>

#define SEQUENCE 7

/* A datagram that grows. It is handed out in a block of exactly its size, so that a sanitizer sees reads beyond its
 * end. */
typedef struct
{
  GByteArray *bytes;
  guint       visited;
} Fixture;

static void
add (Fixture       *f,
     guint16        type,
     guint16        flags,
     guint32        sequence,
     gconstpointer  payload,
     gsize          size)
{
  static const char padding[NLMSG_ALIGNTO];
  const struct nlmsghdr header = { NLMSG_HDRLEN + size, type, flags, sequence, 0 };

  g_byte_array_append (f->bytes, (const guint8 *) &header, sizeof header);
  g_byte_array_append (f->bytes, payload, size);
  g_byte_array_append (f->bytes, (const guint8 *) padding, NLMSG_ALIGN (size) - size);
}

/* NLMSG_ERROR with @code, for a request that claims to have @request_length bytes, followed by @rest. */
static void
add_error (Fixture    *f,
           guint16     flags,
           int         code,
           guint32     request_length,
           const void *rest,
           gsize       size)
{
  const struct nlmsgerr failure = { code, { .nlmsg_len = request_length } };
  g_autofree char *payload = g_malloc0 (sizeof failure + size);

  memcpy (payload, &failure, sizeof failure);
  if (size > 0)
    memcpy (payload + sizeof failure, rest, size);
  add (f, NLMSG_ERROR, flags, SEQUENCE, payload, sizeof failure + size);
}

static void
visit (struct nlmsghdr *header,
       gpointer         user_data)
{
  ((Fixture *) user_data)->visited++;
}

static DivertNetlinkAnswer
take (Fixture  *f,
      int       length,
      GError  **error)
{
  DivertNetlinkAnswer answer = { .sequence = SEQUENCE, .visit = visit, .user_data = f };
  g_autofree char *datagram = g_memdup2 (f->bytes->data, MAX (length, 1));

  f->visited = 0;
  divert_netlink_answer_take (&answer, datagram, length, error);
  return answer;
}

/* The result for the datagram so far: the error as text, "" if it is an answer, NULL if it is incomplete. Then starts
 * afresh. */
static char *
read_all (Fixture *f)
{
  g_autoptr(GError) error = NULL;
  DivertNetlinkAnswer answer = take (f, f->bytes->len, &error);

  /* A part of it must not give any other result. */
  for (guint length = 0; length < f->bytes->len; length++)
    {
      g_autoptr(GError) any = NULL;

      take (f, length, &any);
    }
  take (f, f->bytes->len, NULL);
  g_byte_array_set_size (f->bytes, 0);
  if (error != NULL)
    return g_strdup_printf ("%d %s", error->code, error->message);
  return answer.done ? g_strdup ("") : NULL;
}

static void
assert_reads (Fixture    *f,
              int         code,
              const char *reason)
{
  g_autofree char *text = read_all (f);
  g_autofree char *expected = g_strdup_printf ("%d %s%s%s%s", code, g_strerror (code), reason != NULL ? " (" : "",
                                               reason != NULL ? reason : "", reason != NULL ? ")" : "");

  g_assert_cmpstr (text, ==, expected);
}

static void
set_up (Fixture       *f,
        gconstpointer  user_data)
{
  f->bytes = g_byte_array_new ();
}

static void
tear_down (Fixture       *f,
           gconstpointer  user_data)
{
  g_byte_array_unref (f->bytes);
}

static void
test_answers (Fixture       *f,
              gconstpointer  user_data)
{
  const int fine = 0, failed = -ENOMEM;
  g_autofree char *text = NULL, *incomplete = NULL, *dump = NULL;

  add (f, NLMSG_MIN_TYPE, 0, SEQUENCE, "abc", 3);
  add (f, NLMSG_MIN_TYPE, 0, SEQUENCE + 1, "", 0);
  add (f, NLMSG_NOOP, 0, SEQUENCE, "", 0);
  add_error (f, 0, 0, 20, "", 0);
  add (f, NLMSG_MIN_TYPE, 0, SEQUENCE, "", 0); /* after the end */
  text = read_all (f);
  g_assert_cmpstr (text, ==, "");
  g_assert_cmpuint (f->visited, ==, 1);

  add (f, NLMSG_MIN_TYPE, 0, SEQUENCE, "", 0);
  add_error (f, 0, -EPERM, 20, "", 0);
  ((struct nlmsghdr *) (f->bytes->data + NLMSG_HDRLEN))->nlmsg_seq++;
  incomplete = read_all (f);
  g_assert_null (incomplete);

  add (f, NLMSG_DONE, 0, SEQUENCE, &fine, sizeof fine);
  dump = read_all (f);
  g_assert_cmpstr (dump, ==, "");
  add (f, NLMSG_DONE, 0, SEQUENCE, &failed, sizeof failed);
  assert_reads (f, ENOMEM, NULL);
  add (f, NLMSG_DONE, 0, SEQUENCE, "", 0);
  g_free (dump);
  dump = read_all (f);
  g_assert_cmpstr (dump, ==, "");
}

static void
test_reasons (Fixture       *f,
              gconstpointer  user_data)
{
  static const struct
  {
    struct nlattr head;
    char          text[8];
  } reason = { { sizeof reason, NLMSGERR_ATTR_MSG }, "no such" },
    open_end = { { sizeof reason, NLMSGERR_ATTR_MSG }, { 'n', 'o', ' ', 's', 'u', 'c', 'h', '!' } };
  static const struct nlattr empty = { sizeof empty, NLMSGERR_ATTR_MSG };
  static const guint32 lies[] = { 0, 1, 15, 17, 24, 0x7fffffff, 0x80000000, 0xfffffff0, G_MAXUINT32 };
  char with_request[8 + sizeof reason] = { 0 };

  memcpy (with_request + 8, &reason, sizeof reason);
  add_error (f, NLM_F_ACK_TLVS | NLM_F_CAPPED, -EPERM, 4000, &reason, sizeof reason);
  assert_reads (f, EPERM, "no such");
  add_error (f, NLM_F_ACK_TLVS, -EPERM, NLMSG_HDRLEN + 8, with_request, sizeof with_request);
  assert_reads (f, EPERM, "no such");
  add_error (f, NLM_F_CAPPED, -EPERM, 4000, &reason, sizeof reason);
  assert_reads (f, EPERM, NULL);
  add_error (f, NLM_F_ACK_TLVS | NLM_F_CAPPED, -EPERM, 4000, &open_end, sizeof open_end);
  assert_reads (f, EPERM, NULL);
  add_error (f, NLM_F_ACK_TLVS | NLM_F_CAPPED, -EPERM, 4000, &empty, sizeof empty);
  assert_reads (f, EPERM, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (lies); i++)
    {
      g_autofree char *text = NULL;

      add_error (f, NLM_F_ACK_TLVS, -EPERM, lies[i], with_request, sizeof with_request);
      text = read_all (f);
      g_assert_true (g_str_has_prefix (text, "1 "));
    }
}

static void
test_short (Fixture       *f,
            gconstpointer  user_data)
{
  static const struct nlmsgerr failure = { -EPERM, { .nlmsg_len = G_MAXUINT32 } };

  for (gsize size = 0; size < sizeof failure; size++)
    {
      add (f, NLMSG_ERROR, NLM_F_ACK_TLVS, SEQUENCE, &failure, size);
      assert_reads (f, EBADMSG, NULL);
    }
  add_error (f, 0, G_MININT, 20, "", 0);
  assert_reads (f, EBADMSG, NULL);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/netlink-answer/answers", Fixture, NULL, set_up, test_answers, tear_down);
  g_test_add ("/netlink-answer/reasons", Fixture, NULL, set_up, test_reasons, tear_down);
  g_test_add ("/netlink-answer/short", Fixture, NULL, set_up, test_short, tear_down);
  return g_test_run ();
}
