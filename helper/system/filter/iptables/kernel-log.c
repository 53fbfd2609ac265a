/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: reading x_tables' complaints from /dev/kmsg.
 *
 * This is best effort: the reason helps a person, and nothing depends on it.  The kernel limits the
 * rate of these messages, and the complaint about somebody else's failed iptables call at the same
 * moment would be shown as ours.
 */
#include "kernel-log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* How many records to read and to keep at most, because the log may be flooded. */
#define RECORDS_MAX 256
#define REASONS_MAX 3
#define REASON_LENGTH_MAX 200
/* The kernel never returns a longer record. */
#define RECORD_SIZE 8192

/* It stays open, because opening it takes 40 µs, and each commit would pay for it. */
static int log_fd = -1;

void
divert_kernel_log_mark (void)
{
  if (log_fd < 0)
    log_fd = open ("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (log_fd >= 0)
    lseek (log_fd, 0, SEEK_END);
}

static gboolean
is_packet_filter (const char *text)
{
  static const char *const prefixes[] = { "x_tables: ", "xt_", "ip_tables: ", "ip6_tables: ", "ipt_", "ip6t_" };

  for (guint i = 0; i < G_N_ELEMENTS (prefixes); i++)
    if (g_str_has_prefix (text, prefixes[i]))
      return TRUE;
  return FALSE;
}

/* "PRIORITY,SEQUENCE,MICROSECONDS,FLAGS[,…];TEXT\n KEY=VALUE\n…" → TEXT; NULL if it is irrelevant. */
static char *
parse_record (char *record)
{
  char *text = strchr (record, ';');

  /* Facility 0 is the kernel; everything else comes from a program. */
  if (text == NULL || g_ascii_strtoull (record, NULL, 10) >> 3 != 0)
    return NULL;
  text++;
  text[strcspn (text, "\n")] = '\0';
  if (!is_packet_filter (text))
    return NULL;
  if (strlen (text) > REASON_LENGTH_MAX)
    text[REASON_LENGTH_MAX] = '\0';
  for (char *c = text; *c != '\0'; c++)
    if (!g_ascii_isprint (*c))
      *c = '?';
  return text;
}

char *
divert_kernel_log_read (void)
{
  g_autoptr(GString) reasons = g_string_new (NULL);
  char record[RECORD_SIZE + 1];
  guint n_reasons = 0;

  if (log_fd < 0)
    return NULL;
  for (guint i = 0; i < RECORDS_MAX && n_reasons < REASONS_MAX; i++)
    {
      gssize length = read (log_fd, record, RECORD_SIZE);
      const char *text;

      /* EPIPE: records were overwritten before we read them; the next read continues after them. */
      if (length < 0 && (errno == EPIPE || errno == EINTR))
        continue;
      if (length <= 0)
        break;
      record[length] = '\0';
      text = parse_record (record);
      if (text == NULL)
        continue;
      g_string_append_printf (reasons, "%s%s", n_reasons > 0 ? "; " : "", text);
      n_reasons++;
    }
  return n_reasons > 0 ? g_string_free (g_steal_pointer (&reasons), FALSE) : NULL;
}
