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

static gboolean
ask (int         socket,
     int         level,
     int         option,
     const char *table,
     GByteArray *request)
{
  socklen_t length = request->len;

  g_strlcpy ((char *) request->data, table, XT_TABLE_MAXNAMELEN);
  return getsockopt (socket, level, option, request->data, &length) == 0;
}

/* The size of the table in bytes; 0 if it cannot be read. */
static guint32
read_size (const DivertIptablesFamily *ops,
           int                         socket,
           const char                 *table)
{
  const DivertIptablesQuestions *questions = &ops->questions;
  g_autoptr(GByteArray) info = g_byte_array_new ();

  g_byte_array_set_size (info, questions->info_size);
  memset (info->data, 0, info->len);
  if (!ask (socket, ops->level, questions->get_info, table, info))
    return 0;
  return *(const guint32 *) (const void *) (info->data + questions->info_bytes);
}

static GByteArray *
read_entries (const DivertIptablesFamily *ops,
              int                         socket,
              const char                 *table,
              guint32                     size)
{
  const DivertIptablesQuestions *questions = &ops->questions;
  g_autoptr(GByteArray) entries = g_byte_array_sized_new (questions->entries_header + size);

  g_byte_array_set_size (entries, questions->entries_header + size);
  memset (entries->data, 0, questions->entries_header);
  memcpy (entries->data + questions->entries_bytes, &size, sizeof size);
  if (!ask (socket, ops->level, questions->get_entries, table, entries))
    return NULL;
  return g_byte_array_remove_range (g_steal_pointer (&entries), 0, questions->entries_header);
}

static void
clear_counters (const DivertIptablesFamily *ops,
                GByteArray                 *entries)
{
  const DivertIptablesLayout *layout = &ops->layout;
  guint at = 0;

  while (at + layout->size <= entries->len)
    {
      guint8 *entry = entries->data + at;
      const guint16 next = divert_iptables_get_offset (entry, layout->next_offset);

      memset (entry + layout->counters, 0, sizeof (struct xt_counters));
      if (next < layout->size)
        return;
      at += next;
    }
}

GByteArray *
divert_iptables_blob_read (const DivertIptablesFamily *ops,
                           DivertXtTable               table)
{
  const char *name = divert_xt_table_name (table);
  const int fd = socket (ops->domain, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
  GByteArray *entries = NULL;

  for (guint attempt = 0; fd >= 0 && entries == NULL && attempt < ATTEMPTS_MAX; attempt++)
    {
      const guint32 size = read_size (ops, fd, name);

      if (size == 0)
        break;
      entries = read_entries (ops, fd, name, size);
    }
  if (entries != NULL)
    clear_counters (ops, entries);
  if (fd >= 0)
    close (fd);
  return entries;
}

gboolean
divert_iptables_blob_equal (const GByteArray *a,
                            const GByteArray *b)
{
  return a->len == b->len && memcmp (a->data, b->data, a->len) == 0;
}
