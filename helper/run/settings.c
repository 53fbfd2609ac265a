/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the settings in force.
 *
 * The group is looked up when the configuration is read, and again whenever it is
 * asked for in vain: a lookup may ask a directory server, which must not happen in
 * each run, and a group that was made later is found without a reload.  A
 * configuration whose group is not known is refused if there is one in force whose group
 * is: without a group no rules can be laid, those of away neither.
 *
 * A mode that is over, and away, hold even if they cannot be kept on disk.
 */
#include "settings.h"

#include <glib/gi18n-lib.h>

#include "divert-config.h"
#include "system/files/config-files.h"
#include "system/files/group.h"
#include "system/files/mode-file.h"
#include "system/files/site-file.h"

#define GROUP_RETRY_US (5 * G_USEC_PER_SEC)

struct DivertSettings
{
  char         *config_dir;
  DivertConfig *config;       /* never NULL */
  gboolean      valid;        /* @config has been read from files, not made of defaults */
  char         *config_error; /* why the files could not be read the last time; NULL */
  gboolean      has_gid;
  guint32       gid;
  char         *group_error;
  gint64        group_time;   /* of the last lookup */
  DivertMode   *mode;         /* never NULL */
  char         *mode_error;
};

/* @ret_gid stays as it is on failure. */
static gboolean
find_group (const DivertConfig  *config,
            guint32             *ret_gid,
            GError             **error)
{
  if (config->group != NULL)
    return divert_group_lookup (config->group, ret_gid, error);
  g_set_error_literal (error, DIVERT_CONFIG_ERROR, DIVERT_CONFIG_ERROR_MISSING, _("[proxy] group: is not set"));
  return FALSE;
}

static void
look_up_group (DivertSettings *settings)
{
  g_autoptr(GError) error = NULL;

  settings->group_time = g_get_monotonic_time ();
  settings->has_gid = FALSE;
  g_clear_pointer (&settings->group_error, g_free);
  if (!settings->valid || settings->config->group == NULL)
    return;
  settings->has_gid = divert_group_lookup (settings->config->group, &settings->gid, &error);
  if (!settings->has_gid)
    settings->group_error = g_strdup (error->message);
}

DivertSettings *
divert_settings_new (const char *config_dir)
{
  DivertSettings *settings = g_new0 (DivertSettings, 1);
  g_autoptr(GError) error = NULL;

  settings->config_dir = g_strdup (config_dir);
  settings->config = divert_config_new ();
  if (!divert_settings_reload (settings, &error))
    g_clear_error (&error);

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
  g_free (settings->config_dir);
  divert_config_free (settings->config);
  g_free (settings->config_error);
  g_free (settings->group_error);
  divert_mode_free (settings->mode);
  g_free (settings->mode_error);
  g_free (settings);
}

gboolean
divert_settings_reload (DivertSettings  *settings,
                        GError         **error)
{
  g_autoptr(GError) local_error = NULL;
  g_autoptr(DivertConfig) config = divert_config_files_load (settings->config_dir, TRUE, &local_error);
  guint32 gid = settings->gid;

  g_clear_pointer (&settings->config_error, g_free);
  if (config == NULL || (settings->has_gid && !find_group (config, &gid, &local_error)))
    {
      settings->config_error = g_strdup (local_error->message);
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }

  divert_config_free (settings->config);
  settings->config = g_steal_pointer (&config);
  settings->valid = TRUE;
  look_up_group (settings);
  return TRUE;
}

const DivertConfig *
divert_settings_get_config (const DivertSettings *settings)
{
  return settings->config;
}

gboolean
divert_settings_get_gid (DivertSettings *settings,
                         guint32        *ret_gid)
{
  if (!settings->has_gid && g_get_monotonic_time () >= settings->group_time + GROUP_RETRY_US)
    look_up_group (settings);
  if (settings->has_gid)
    *ret_gid = settings->gid;
  return settings->has_gid;
}

gint64
divert_settings_get_group_retry (const DivertSettings *settings)
{
  return settings->group_error != NULL ? settings->group_time + GROUP_RETRY_US : 0;
}

const DivertMode *
divert_settings_get_mode (const DivertSettings *settings)
{
  return settings->mode;
}

static void
take_mode (DivertSettings   *settings,
           const DivertMode *mode,
           const GError     *save_error)
{
  divert_mode_free (settings->mode);
  settings->mode = divert_mode_copy (mode);
  g_free (settings->mode_error);
  settings->mode_error = save_error != NULL ? g_strdup (save_error->message) : NULL;
}

gboolean
divert_settings_set_mode (DivertSettings    *settings,
                          const DivertMode  *mode,
                          GError           **error)
{
  g_autoptr(GError) local_error = NULL;

  if (!divert_mode_file_save (DIVERT_STATE_DIR, DIVERT_RUN_DIR, mode, &local_error) && mode->kind != DIVERT_MODE_AWAY)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  take_mode (settings, mode, local_error);
  return TRUE;
}

void
divert_settings_end_mode (DivertSettings *settings)
{
  g_autoptr(DivertMode) automatic = divert_mode_new (DIVERT_MODE_AUTO, NULL);
  g_autoptr(GError) error = NULL;

  divert_mode_file_save (DIVERT_STATE_DIR, DIVERT_RUN_DIR, automatic, &error);
  take_mode (settings, automatic, error);
}

const char *
divert_settings_get_config_dir (const DivertSettings *settings)
{
  return settings->config_dir;
}

gboolean
divert_settings_keep_site (DivertSettings  *settings,
                           const char      *site,
                           const char      *text,
                           GError         **error)
{
  const char *dir = settings->config_dir;
  const DivertSite *existing = divert_config_find_site (settings->config, site);
  g_autofree char *previous = NULL;
  g_autoptr(GError) restore_error = NULL;

  if (text != NULL ? !divert_site_file_write (dir, site, existing, text, &previous, error)
                   : !divert_site_file_remove (dir, existing, &previous, error))
    return FALSE;
  if (divert_settings_reload (settings, error))
    return TRUE;
  /* The files are not taken, for a group that is not known, say: it becomes what it was. */
  if (!divert_site_file_restore (dir, site, previous, &restore_error))
    g_critical ("cannot undo the change of site %s: %s", site, restore_error->message);
  return FALSE;
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
