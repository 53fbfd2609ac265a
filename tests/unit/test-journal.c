/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log is written by a thread: in order, in whole, and nobody waits for a journal that any user can make slow.
 */
#include "system/base/journal.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MANY 1000

static GMutex slow; /* held: nothing is written */
static GMutex lock;
static GPtrArray *written; /* "PRIORITY MESSAGE PLACE IDENTIFIER" */

static const char *
find_value (const GLogField *fields,
            gsize            n_fields,
            const char      *key)
{
  for (gsize i = 0; i < n_fields; i++)
    if (strcmp (fields[i].key, key) == 0)
      return fields[i].value;
  return "-";
}

static GLogWriterOutput
write_line (GLogLevelFlags   level,
            const GLogField *fields,
            gsize            n_fields,
            gpointer         user_data)
{
  char *line = g_strjoin (" ", find_value (fields, n_fields, "PRIORITY"), find_value (fields, n_fields, "MESSAGE"),
                          find_value (fields, n_fields, "PLACE"), find_value (fields, n_fields, "SYSLOG_IDENTIFIER"),
                          NULL);

  g_mutex_lock (&slow);
  g_mutex_unlock (&slow);
  g_mutex_lock (&lock);
  g_ptr_array_add (written, line);
  g_mutex_unlock (&lock);
  return G_LOG_WRITER_HANDLED;
}

static void
say (guint n)
{
  g_autofree char *place = g_strdup_printf ("place%u", n);

  g_log_structured ("test", G_LOG_LEVEL_MESSAGE, "PLACE", place, "MESSAGE", "line %u", n);
}

static void
test_order (void)
{
  g_ptr_array_set_size (written, 0);
  for (guint i = 0; i < 100; i++)
    say (i);
  g_assert_true (divert_journal_flush (60000));
  g_assert_cmpuint (written->len, ==, 100);
  for (guint i = 0; i < written->len; i++)
    {
      g_autofree char *expected = g_strdup_printf ("5 line %u place%u tester", i, i);

      g_assert_cmpstr (g_ptr_array_index (written, i), ==, expected);
    }
}

/* If the lines waited for the journal, this would never end. */
static void
test_slow_journal (void)
{
  const char *last;

  g_ptr_array_set_size (written, 0);
  g_mutex_lock (&slow);
  /* Nobody has asked for these, so they take no room. */
  for (guint i = 0; i < MANY; i++)
    g_log_structured ("nm-divert", G_LOG_LEVEL_INFO, "MESSAGE", "line %u", i);
  for (guint i = 0; i < MANY; i++)
    say (i);
  g_assert_false (divert_journal_flush (10));
  g_mutex_unlock (&slow);
  g_assert_true (divert_journal_flush (60000));
  g_assert_cmpuint (written->len, >, 100);
  g_assert_cmpuint (written->len, <, MANY / 2);
  g_assert_true (g_str_has_prefix (g_ptr_array_index (written, 0), "5 line 0 "));
  last = g_ptr_array_index (written, written->len - 1);
  g_test_message ("%u lines, %s", written->len, last);
  g_assert_true (g_str_has_prefix (last, "4 the journal was too slow for "));
  /* Once is enough. */
  say (1);
  g_assert_true (divert_journal_flush (60000));
  g_assert_cmpstr (g_ptr_array_index (written, written->len - 1), ==, "5 line 1 place1 tester");
}

/* It has no thread, so it writes by itself: here, to stderr. */
static void
test_child (void)
{
  int ends[2], status;
  char text[400];
  ssize_t length;
  pid_t pid;

  g_ptr_array_set_size (written, 0);
  g_assert_no_errno (pipe (ends));
  pid = fork ();
  g_assert_no_errno (pid);
  if (pid == 0)
    {
      dup2 (ends[1], STDERR_FILENO);
      say (7);
      _exit (0);
    }
  close (ends[1]);
  length = read (ends[0], text, sizeof text - 1);
  close (ends[0]);
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_cmpint (status, ==, 0);
  g_assert_cmpint (length, >, 0);
  text[length] = '\0';
  g_assert_nonnull (strstr (text, "line 7"));
  g_assert_cmpuint (written->len, ==, 0);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  /* A warning is what is tested. */
  g_log_set_always_fatal (G_LOG_FATAL_MASK);
  written = g_ptr_array_new_with_free_func (g_free);
  divert_journal_open ("tester");
  g_assert_true (divert_journal_flush (0));
  divert_journal_write_behind (write_line);
  g_test_add_func ("/journal/order", test_order);
  g_test_add_func ("/journal/slow-journal", test_slow_journal);
  g_test_add_func ("/journal/child", test_child);
  return g_test_run ();
}
