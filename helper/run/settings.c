/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the settings in force.
 *
 * Theory of operation.  A disk may take seconds to say that something is written, and the group database may be a
 * directory server's.  Neither is waited for where the pipeline runs: a thread reads, writes and looks up, one job after
 * the other in the order in which they were wanted, and what it brings back is taken as a whole.  Only at the start is it
 * waited for, because without settings there is nothing to do.
 *
 * What a person has decided comes first: away holds at once, and so does the end of a mode that is over, whether they
 * can be kept on disk or not.  Any other mode is kept first and taken then, so that nothing has changed if it cannot be kept;
 * unless away was taken meanwhile, which was wanted later.
 *
 * The group is looked up when the configuration is read, and again while it is looked for in vain, so that a group that
 * was made later is found without a reload.  A configuration whose group is not known is refused if there is one in
 * force whose group is: without a group no rules can be laid, those of away neither.
 */
#include "settings.h"

#include <glib/gi18n-lib.h>

#include "divert-config.h"
#include "system/base/worker.h"
#include "system/files/config-files.h"
#include "system/files/group.h"
#include "system/files/mode-file.h"
#include "system/files/site-file.h"

#define GROUP_RETRY_US (5 * G_USEC_PER_SEC)

struct DivertSettings
{
  DivertLookAgain changed;
  gpointer        user_data;
  DivertWorker   *worker;

  char           *config_dir;
  DivertConfig   *config;       /* never NULL */
  gboolean        valid;        /* @config has been read from files, not made of defaults */
  char           *config_error; /* why the files could not be read the last time; NULL */
  gboolean        has_gid;
  guint32         gid;
  char           *group_error;
  gint64          group_time;   /* of the last lookup, or of its begin */
  DivertMode     *mode;         /* never NULL */
  char           *mode_error;
  guint           mode_number;  /* of the last that was wanted */
  guint           taken_number; /* of the newest that was taken */
  guint           n_saving;     /* that are to be kept before they are taken */
};

/* What is read; in whatever thread. */

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
        g_set_error_literal (&reading->error, DIVERT_CONFIG_ERROR, DIVERT_CONFIG_ERROR_MISSING, _("[proxy] group: is not set"));
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
      g_set_error (&reading->error, DIVERT_SITE_FILE_ERROR, DIVERT_SITE_FILE_ERROR_NONE, _("no such file: '%s'"), reading->site);
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

DivertSettings *
divert_settings_new (const char      *config_dir,
                     DivertLookAgain  changed,
                     gpointer         user_data)
{
  DivertSettings *settings = g_new0 (DivertSettings, 1);
  g_autoptr(GError) error = NULL;
  Reading *reading;

  settings->changed = changed;
  settings->user_data = user_data;
  settings->worker = divert_worker_new ("files");
  settings->config_dir = g_strdup (config_dir);
  settings->config = divert_config_new ();
  reading = reading_new (settings, NULL, NULL);
  read_files (reading);
  take_reading (settings, reading);
  reading_free (reading);

  settings->mode = divert_mode_file_load (DIVERT_STATE_DIR, DIVERT_RUN_DIR, &error);
  if (error != NULL)
    settings->mode_error = g_strdup (error->message);
  return settings;
}

void
divert_settings_free (DivertSettings *settings)
{
  if (settings == NULL)
    return;
  divert_worker_free (settings->worker);
  g_free (settings->config_dir);
  divert_config_free (settings->config);
  g_free (settings->config_error);
  g_free (settings->group_error);
  divert_mode_free (settings->mode);
  g_free (settings->mode_error);
  g_free (settings);
}

void
divert_settings_reload (DivertSettings *settings,
                        DivertSettled   settled,
                        gpointer        user_data)
{
  divert_worker_add (settings->worker, work_reading, on_read, reading_new (settings, settled, user_data), reading_free);
}

const char *
divert_settings_get_config_dir (const DivertSettings *settings)
{
  return settings->config_dir;
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

const DivertConfig *
divert_settings_get_config (const DivertSettings *settings)
{
  return settings->config;
}

/* The group, once more. */

typedef struct
{
  DivertSettings *settings;
  char           *group;
  gboolean        found;
  guint32         gid;
} Lookup;

static void
lookup_free (gpointer data)
{
  Lookup *lookup = data;

  g_free (lookup->group);
  g_free (lookup);
}

static void
work_lookup (gpointer job)
{
  Lookup *lookup = job;

  lookup->found = divert_group_lookup (lookup->group, &lookup->gid, NULL);
}

static void
on_looked_up (gpointer job)
{
  const Lookup *lookup = job;
  DivertSettings *settings = lookup->settings;

  /* Unless another configuration was taken meanwhile. */
  if (!lookup->found || settings->has_gid || g_strcmp0 (settings->config->group, lookup->group) != 0)
    return;
  settings->has_gid = TRUE;
  settings->gid = lookup->gid;
  g_clear_pointer (&settings->group_error, g_free);
  settings->changed (settings->user_data);
}

void
divert_settings_retry (DivertSettings *settings)
{
  const gint64 now = g_get_monotonic_time ();
  Lookup *lookup;

  if (settings->group_error == NULL || now < settings->group_time + GROUP_RETRY_US)
    return;
  settings->group_time = now;
  lookup = g_new0 (Lookup, 1);
  lookup->settings = settings;
  lookup->group = g_strdup (settings->config->group);
  divert_worker_add (settings->worker, work_lookup, on_looked_up, lookup, lookup_free);
}

gint64
divert_settings_get_retry (const DivertSettings *settings)
{
  return settings->group_error != NULL ? settings->group_time + GROUP_RETRY_US : 0;
}

gboolean
divert_settings_get_gid (const DivertSettings *settings,
                         guint32              *ret_gid)
{
  if (settings->has_gid)
    *ret_gid = settings->gid;
  return settings->has_gid;
}

/* The mode. */

typedef struct
{
  DivertSettings *settings;
  DivertMode     *mode;
  guint           number;
  gboolean        taken;   /* before it is kept */
  GError         *error;
  DivertSettled   settled; /* NULL: nobody wants to know */
  gpointer        user_data;
} Saving;

static void
saving_free (gpointer data)
{
  Saving *saving = data;

  divert_mode_free (saving->mode);
  g_clear_error (&saving->error);
  g_free (saving);
}

static void
work_saving (gpointer job)
{
  Saving *saving = job;

  divert_mode_file_save (DIVERT_STATE_DIR, DIVERT_RUN_DIR, saving->mode, &saving->error);
}

static void
take_mode (DivertSettings   *settings,
           const DivertMode *mode)
{
  divert_mode_free (settings->mode);
  settings->mode = divert_mode_copy (mode);
  g_clear_pointer (&settings->mode_error, g_free);
}

static void
on_saved (gpointer job)
{
  Saving *saving = job;
  DivertSettings *settings = saving->settings;

  if (!saving->taken)
    settings->n_saving--;
  if (saving->taken && saving->error != NULL && saving->number == settings->taken_number)
    {
      g_free (settings->mode_error);
      settings->mode_error = g_strdup (saving->error->message);
    }
  if (!saving->taken && saving->error == NULL && saving->number > settings->taken_number)
    {
      take_mode (settings, saving->mode);
      settings->taken_number = saving->number;
    }
  if (saving->settled != NULL)
    saving->settled (saving->taken ? NULL : saving->error, saving->user_data);
  settings->changed (settings->user_data);
}

static Saving *
saving_new (DivertSettings   *settings,
            const DivertMode *mode)
{
  Saving *saving = g_new0 (Saving, 1);

  saving->settings = settings;
  saving->mode = divert_mode_copy (mode);
  return saving;
}

void
divert_settings_set_mode (DivertSettings   *settings,
                          const DivertMode *mode,
                          DivertSettled     settled,
                          gpointer          user_data)
{
  Saving *saving = saving_new (settings, mode);

  saving->number = ++settings->mode_number;
  saving->settled = settled;
  saving->user_data = user_data;
  saving->taken = mode->kind == DIVERT_MODE_AWAY;
  if (saving->taken)
    {
      take_mode (settings, mode);
      settings->taken_number = saving->number;
      settings->changed (settings->user_data);
    }
  else
    settings->n_saving++;
  divert_worker_add (settings->worker, work_saving, on_saved, saving, saving_free);
}

const DivertMode *
divert_settings_get_mode (const DivertSettings *settings)
{
  return settings->mode;
}

void
divert_settings_end_mode (DivertSettings *settings)
{
  g_autoptr(DivertMode) automatic = divert_mode_new (DIVERT_MODE_AUTO, NULL);
  Saving *saving;

  take_mode (settings, automatic);
  /* Another mode is just being kept in the place of this one. */
  if (settings->n_saving > 0)
    return;
  saving = saving_new (settings, automatic);
  saving->number = settings->taken_number;
  saving->taken = TRUE;
  divert_worker_add (settings->worker, work_saving, on_saved, saving, saving_free);
}

static void
add_problem (GPtrArray         *problems,
             DivertProblemCode  code,
             const char        *detail)
{
  g_ptr_array_add (problems, divert_problem_new (code, detail));
}

static const DivertSite *
find_site_with_ipv6 (const DivertConfig *config)
{
  for (guint i = 0; i < config->sites->len; i++)
    {
      const DivertSite *site = g_ptr_array_index (config->sites, i);

      if (site->intranet_auto6)
        return site;
      for (guint j = 0; j < site->intranet->len; j++)
        if (divert_prefixes_index (site->intranet, j)->family == DIVERT_FAMILY_IPV6)
          return site;
    }
  return NULL;
}

void
divert_settings_add_problems (const DivertSettings *settings,
                              GPtrArray            *problems)
{
  const DivertSite *with_ipv6 = settings->config->ipv6 ? NULL : find_site_with_ipv6 (settings->config);

  if (settings->config_error != NULL)
    add_problem (problems, DIVERT_PROBLEM_CONFIG, settings->config_error);
  if (settings->valid && settings->config->group == NULL)
    add_problem (problems, DIVERT_PROBLEM_NO_GROUP, NULL);
  if (settings->group_error != NULL)
    add_problem (problems, DIVERT_PROBLEM_GROUP, settings->group_error);
  if (settings->mode_error != NULL)
    add_problem (problems, DIVERT_PROBLEM_MODE_FILE, settings->mode_error);
  if (with_ipv6 != NULL)
    add_problem (problems, DIVERT_PROBLEM_IPV6_OFF, with_ipv6->name);
}
