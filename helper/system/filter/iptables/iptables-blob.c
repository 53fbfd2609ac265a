/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: reading a table as bytes.
 *
 * libiptc reads the same bytes, but turns them into chains and rules, which takes ten times as
 * long.  The kernel zeroes what is private to a match or a target before it returns an entry
 * (K1.9), so only the counters change by themselves.
 */
#include "iptables-blob.h"
#include "iptables-chains.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/netfilter/x_tables.h>

/* Somebody may have replaced the table between the two questions. */
#define ATTEMPTS_MAX 3

void
divert_iptables_reader_init (DivertIptablesReader *reader)
{
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    reader->sockets[family] = -1;
  reader->answer = g_byte_array_new ();
}

void
divert_iptables_reader_clear (DivertIptablesReader *reader)
{
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    if (reader->sockets[family] >= 0)
      close (reader->sockets[family]);
  g_byte_array_unref (reader->answer);
}

/* Its size in bytes; 0: it cannot be read. */
static guint32
read_size (const DivertIptablesFamily *ops,
           int                         socket,
           const char                 *table)
{
  const DivertIptablesQuestions *questions = &ops->questions;
  guint64 info[32] = { 0 };
  socklen_t length = questions->info_size;

  g_assert (length <= sizeof info);
  g_strlcpy ((char *) info, table, XT_TABLE_MAXNAMELEN);
  if (getsockopt (socket, ops->level, questions->get_info, info, &length) != 0)
    return 0;
  return *(const guint32 *) (const void *) ((const char *) info + questions->info_bytes);
}

static gboolean
read_entries (const DivertIptablesFamily *ops,
              int                         socket,
              const char                 *table,
              guint32                     size,
              GByteArray                 *answer)
{
  const DivertIptablesQuestions *questions = &ops->questions;
  socklen_t length = questions->entries_header + size;

  g_byte_array_set_size (answer, length);
  /* The kernel leaves bytes alone that say nothing, such as those behind a short name. */
  memset (answer->data, 0, length);
  g_strlcpy ((char *) answer->data, table, XT_TABLE_MAXNAMELEN);
  memcpy (answer->data + questions->entries_bytes, &size, sizeof size);
  return getsockopt (socket, ops->level, questions->get_entries, answer->data, &length) == 0;
}

static void
clear_counters (const DivertIptablesFamily *ops,
                GByteArray                 *answer)
{
  const DivertIptablesLayout *layout = &ops->layout;
  gsize at = ops->questions.entries_header;

  while (at + layout->size <= answer->len)
    {
      guint8 *entry = answer->data + at;
      const guint16 next = divert_iptables_get_offset (entry, layout->next_offset);

      memset (entry + layout->counters, 0, sizeof (struct xt_counters));
      if (next < layout->size)
        return;
      at += next;
    }
}

/* -1: not to be had. */
static int
get_socket (DivertIptablesReader       *reader,
            const DivertIptablesFamily *ops)
{
  int *fd = &reader->sockets[ops->family];

  if (*fd < 0)
    *fd = socket (ops->domain, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
  return *fd;
}

gboolean
divert_iptables_blob_has_same_size (DivertIptablesReader       *reader,
                                    const DivertIptablesFamily *ops,
                                    DivertXtTable               table,
                                    const GByteArray           *blob)
{
  const int fd = get_socket (reader, ops);

  return fd >= 0 && ops->questions.entries_header + read_size (ops, fd, divert_xt_table_name (table)) == blob->len;
}

GByteArray *
divert_iptables_blob_read (DivertIptablesReader       *reader,
                           const DivertIptablesFamily *ops,
                           DivertXtTable               table)
{
  const char *name = divert_xt_table_name (table);
  const int fd = get_socket (reader, ops);

  for (guint attempt = 0; fd >= 0 && attempt < ATTEMPTS_MAX; attempt++)
    {
      const guint32 size = read_size (ops, fd, name);

      if (size == 0)
        return NULL;
      if (!read_entries (ops, fd, name, size, reader->answer))
        continue;
      clear_counters (ops, reader->answer);
      return reader->answer;
    }
  return NULL;
}

gboolean
divert_iptables_blob_equal (const GByteArray *a,
                            const GByteArray *b)
{
  return a->len == b->len && memcmp (a->data, b->data, a->len) == 0;
}
