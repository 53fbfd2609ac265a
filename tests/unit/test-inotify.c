/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happens in a directory, and to a file, is told once and in order. */
#include "system/base/inotify.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

typedef struct
{
  char          *directory;
  GString       *seen;
  DivertInotify *inotify;
  gboolean       frees;
  guint          calls;
} Fixture;

static void
on_events (DivertInotifyEvents *events,
           gpointer             user_data)
{
  Fixture *f = user_data;
  const struct inotify_event *event;

  f->calls++;
  while ((event = divert_inotify_next (events)) != NULL)
    g_string_append_printf (f->seen, "%d %s%s;", event->wd, (event->mask & IN_DELETE) != 0 ? "-" : "",
                            event->len > 0 ? event->name : "it");
  if (f->frees)
    g_clear_pointer (&f->inotify, divert_inotify_free);
}

static void
set_up (Fixture       *f,
        gconstpointer  data)
{
  f->directory = g_dir_make_tmp ("inotify-XXXXXX", NULL);
  f->seen = g_string_new (NULL);
  f->inotify = divert_inotify_new (G_PRIORITY_DEFAULT, on_events, f);
}

static void
tear_down (Fixture       *f,
           gconstpointer  data)
{
  divert_inotify_free (f->inotify);
  g_assert_no_errno (g_rmdir (f->directory));
  g_string_free (f->seen, TRUE);
  g_free (f->directory);
}

static void
assert_seen (Fixture    *f,
             const char *expected)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpstr (f->seen->str, ==, expected);
  g_string_truncate (f->seen, 0);
}

static char *
make_file (Fixture    *f,
           const char *name)
{
  char *path = g_build_filename (f->directory, name, NULL);

  const int fd = g_creat (path, 0600);

  g_assert_cmpint (fd, >=, 0);
  g_assert_no_errno (close (fd));
  return path;
}

static void
test_names (Fixture       *f,
            gconstpointer  data)
{
  g_autofree char *long_name = g_strnfill (255, 'n');
  g_autofree char *one = NULL, *two = NULL, *missing = g_build_filename (f->directory, "missing", NULL);
  g_autofree char *expected = g_strdup_printf ("1 a;1 %s;1 -a;2 it;", long_name);

  g_assert_cmpint (divert_inotify_add (f->inotify, missing, IN_CLOSE_WRITE), ==, -1);
  g_assert_cmpint (divert_inotify_add (f->inotify, f->directory, IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE), ==, 1);
  one = make_file (f, "a");
  two = make_file (f, long_name);
  g_assert_cmpint (divert_inotify_add (f->inotify, two, IN_ATTRIB), ==, 2);
  g_assert_no_errno (g_unlink (one));
  g_assert_no_errno (g_chmod (two, 0400));
  assert_seen (f, expected);
  g_assert_no_errno (g_unlink (two));
}

/* More than are read at a time. */
static void
test_many (Fixture       *f,
           gconstpointer  data)
{
  g_autoptr(GString) expected = g_string_new (NULL);

  g_assert_cmpint (divert_inotify_add (f->inotify, f->directory, IN_DELETE), ==, 1);
  for (guint i = 0; i < 500; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u-%0*d", i, g_test_rand_int_range (1, 200), 0);
      g_autofree char *path = make_file (f, name);

      g_assert_no_errno (g_unlink (path));
      g_string_append_printf (expected, "1 -%s;", name);
    }
  assert_seen (f, expected->str);
}

static void
test_free (Fixture       *f,
           gconstpointer  data)
{
  g_autofree char *path = NULL;

  f->frees = TRUE;
  g_assert_cmpint (divert_inotify_add (f->inotify, f->directory, IN_DELETE), ==, 1);
  path = make_file (f, "a");
  g_assert_no_errno (g_unlink (path));
  assert_seen (f, "1 -a;");
  g_assert_null (f->inotify);
}

/* Something happens in each turn of the main loop. */
static void
test_pace (Fixture       *f,
           gconstpointer  data)
{
  const gint64 began = g_get_monotonic_time ();
  gint64 tenths;

  divert_inotify_free (f->inotify);
  f->inotify = divert_inotify_new_for_users (on_events, f);
  g_assert_cmpint (divert_inotify_add (f->inotify, f->directory, IN_DELETE), ==, 1);
  for (guint i = 0; i < 5000; i++)
    {
      g_autofree char *path = make_file (f, "a");

      g_assert_no_errno (g_unlink (path));
      g_main_context_iteration (NULL, FALSE);
    }
  tenths = (g_get_monotonic_time () - began) / (G_TIME_SPAN_SECOND / 10);
  g_test_message ("%u calls in %d tenths of a second", f->calls, (int) tenths);
  g_assert_cmpuint (f->calls, >=, 10);
  g_assert_cmpuint (f->calls, <=, 32 * (tenths + 2));
}

/* What happens while it rests is told afterwards. */
static void
test_pace_loses_nothing (Fixture       *f,
                         gconstpointer  data)
{
  g_autofree char *last = NULL;

  test_pace (f, data);
  last = make_file (f, "last");
  g_assert_no_errno (g_unlink (last));
  while (strstr (f->seen->str, "-last;") == NULL)
    g_main_context_iteration (NULL, TRUE);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/inotify/names", Fixture, NULL, set_up, test_names, tear_down);
  g_test_add ("/inotify/many", Fixture, NULL, set_up, test_many, tear_down);
  g_test_add ("/inotify/free", Fixture, NULL, set_up, test_free, tear_down);
  g_test_add ("/inotify/pace", Fixture, NULL, set_up, test_pace, tear_down);
  g_test_add ("/inotify/pace-loses-nothing", Fixture, NULL, set_up, test_pace_loses_nothing, tear_down);
  return g_test_run ();
}
