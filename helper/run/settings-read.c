/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: reading the configuration with the group that it names, and before that, perhaps, changing a site's file.
 *
 * A configuration whose group is not known is refused if there is one in force whose group is: without a group no rules
 * can be laid, those of away neither.
 */
#include "settings-private.h"

#include <glib/gi18n-lib.h>

#include "system/files/config-files.h"
#include "system/files/group.h"
#include "system/files/site-file.h"

/* Belongs to one thread at a time. */
typedef struct
{
  char         *config_dir;
  gboolean      must_have_gid; /* else the files are refused */
  DivertConfig *config;        /* NULL: @error says why */
  gboolean      has_gid;
  guint32       gid;
  char         *group_error;
  GError       *error;
  gboolean      read;          /* else @error is of what came before */

  /* Before that a site's file is changed. */
  char         *site;          /* NULL: none is */
  char         *text;          /* NULL: it goes */
  DivertConfig *before;

  DivertSettled settled;
  gpointer      user_data;
  DivertSettings *settings;
} Reading;

static void
reading_free (gpointer data)
{
  Reading *reading = data;

  g_free (reading->config_dir);
  divert_config_free (reading->config);
  g_free (reading->group_error);
  g_clear_error (&reading->error);
  g_free (reading->site);
  g_free (reading->text);
  divert_config_free (reading->before);
  g_free (reading);
}

static void
look_up_group (Reading *reading)
{
  g_autoptr(GError) error = NULL;

  if (reading->config->group == NULL)
    {
      if (reading->must_have_gid)
        g_set_error_literal (&reading->error, DIVERT_CONFIG_ERROR, DIVERT_CONFIG_ERROR_MISSING,
                             _("[proxy] group: is not set"));
      return;
    }
  reading->has_gid = divert_group_lookup (reading->config->group, &reading->gid, &error);
  if (reading->has_gid)
    return;
  reading->group_error = g_strdup (error->message);
  if (reading->must_have_gid)
    reading->error = g_steal_pointer (&error);
}

static void
read_files (Reading *reading)
{
  reading->read = TRUE;
  reading->config = divert_config_files_load (reading->config_dir, TRUE, &reading->error);
  if (reading->config != NULL)
    look_up_group (reading);
}

static void
change_site (Reading *reading)
{
  const char *dir = reading->config_dir;
  const DivertSite *existing = divert_config_find_site (reading->before, reading->site);
  g_autofree char *previous = NULL;
  g_autoptr(GError) restore_error = NULL;
  gboolean changed;

  /* It may have gone since it was asked for. */
  if (reading->text == NULL && existing == NULL)
    {
      g_set_error (&reading->error, DIVERT_SITE_FILE_ERROR, DIVERT_SITE_FILE_ERROR_NONE, _("no such file: '%s'"),
                   reading->site);
      return;
    }
  changed = reading->text != NULL ?
              divert_site_file_write (dir, reading->site, existing, reading->text, &previous, &reading->error) :
              divert_site_file_remove (dir, existing, &previous, &reading->error);
  if (!changed)
    return;
  read_files (reading);
  if (reading->error == NULL)
    return;
  /* The files are not taken, for a group that is not known, say: it becomes what it was. */
  if (!divert_site_file_restore (dir, reading->site, previous, &restore_error))
    g_critical ("cannot undo the change of site %s: %s", reading->site, restore_error->message);
}

static void
work_reading (gpointer job)
{
  Reading *reading = job;

  if (reading->site != NULL)
    change_site (reading);
  else
    read_files (reading);
}

/* Takes what was read, if it is valid. */
static void
take_reading (DivertSettings *settings,
              Reading        *reading)
{
  /* That a site's file could not be written is no fault of the files that are there. */
  if (reading->read)
    {
      g_free (settings->config_error);
      settings->config_error = reading->error != NULL ? g_strdup (reading->error->message) : NULL;
    }
  if (reading->error != NULL)
    return;
  divert_config_free (settings->config);
  settings->config = g_steal_pointer (&reading->config);
  settings->valid = TRUE;
  settings->has_gid = reading->has_gid;
  settings->gid = reading->gid;
  g_free (settings->group_error);
  settings->group_error = g_steal_pointer (&reading->group_error);
  settings->group_time = g_get_monotonic_time ();
}

static Reading *
reading_new (DivertSettings *settings,
             DivertSettled   settled,
             gpointer        user_data)
{
  Reading *reading = g_new0 (Reading, 1);

  reading->settings = settings;
  reading->config_dir = g_strdup (settings->config_dir);
  reading->must_have_gid = settings->has_gid;
  reading->before = divert_config_ref (settings->config);
  reading->settled = settled;
  reading->user_data = user_data;
  return reading;
}

static void
on_read (gpointer job)
{
  Reading *reading = job;

  take_reading (reading->settings, reading);
  reading->settled (reading->error, reading->user_data);
  /* Also on failure: what is wrong is to be seen in the problems. */
  reading->settings->changed (reading->settings->user_data);
}

void
divert_settings_read (DivertSettings *settings)
{
  Reading *reading = reading_new (settings, NULL, NULL);

  read_files (reading);
  take_reading (settings, reading);
  reading_free (reading);
}

void
divert_settings_reload (DivertSettings *settings,
                        DivertSettled   settled,
                        gpointer        user_data)
{
  divert_worker_add (settings->worker, work_reading, on_read, reading_new (settings, settled, user_data), reading_free);
}

void
divert_settings_keep_site (DivertSettings *settings,
                           const char     *site,
                           const char     *text,
                           DivertSettled   settled,
                           gpointer        user_data)
{
  Reading *reading = reading_new (settings, settled, user_data);

  reading->site = g_strdup (site);
  reading->text = g_strdup (text);
  divert_worker_add (settings->worker, work_reading, on_read, reading, reading_free);
}
