/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: reading the configuration and the group that it names, after changing a site's file if that was requested.
 *
 * If the group of a new configuration is unknown, the configuration is refused if the one in force has a known group.
 * Without a group no rules can be installed, not even those of away.
 */
#include "settings-private.h"

#include <glib/gi18n-lib.h>

#include "core/ruleset/ruleset.h"
#include "divert-config.h"
#include "system/files/config-files.h"
#include "system/files/group.h"
#include "system/files/site-file.h"

/* Belongs to one thread at a time. */
typedef struct
{
  char         *config_dir;
  gboolean      must_have_gid; /* if so, files without a known group are refused */
  DivertConfig *config;        /* NULL: @error says why */
  gboolean      has_gid;
  guint32       gid;
  char         *group_error;
  GError       *error;
  gboolean      read;          /* FALSE: @error is from an earlier step */

  /* A site's file may be changed before that. */
  char         *site;          /* NULL: none is changed */
  char         *text;          /* NULL: the file is removed */
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

  if (reading->config->group == NULL && reading->config->unit != NULL)
    {
      reading->has_gid = TRUE;
      reading->gid = DIVERT_GID_NONE;
      return;
    }
  if (reading->config->group == NULL)
    {
      if (reading->must_have_gid)
        g_set_error_literal (&reading->error, DIVERT_CONFIG_ERROR, DIVERT_CONFIG_ERROR_MISSING,
                             _("[proxy]: neither group nor unit is set"));
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
  reading->config = divert_config_files_load (DIVERT_VENDOR_DIR, reading->config_dir, TRUE, &reading->error);
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

  /* The file may have gone since the request was made. */
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
  /* The files are refused, for instance because the group is unknown. So the site's file is restored. */
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

/* Puts what was read into force, if it is valid. */
static void
take_reading (DivertSettings *settings,
              Reading        *reading)
{
  /* If a site's file could not be written, that is not a fault of the existing files. */
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
  /* Do this on failure too, so that the problems show what is wrong. */
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
