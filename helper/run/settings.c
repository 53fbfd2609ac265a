/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the settings in force, and the lookup of the group.
 *
 * Theory of operation.  A disk may take seconds to confirm a write, and the group database may be on a directory
 * server.  The pipeline's thread doesn't wait for either.  Another thread reads, writes and looks up, one job at a time
 * in the order of the requests, and its result is taken as a whole.  Only at start-up do we wait, because without
 * settings there is nothing to do.
 *
 * The group is looked up when the configuration is read.  If it isn't found, it is looked up again from time to time,
 * so a group that was created later is found without a reload.  It is also looked up when /etc/group changes, because
 * it may have got another number.  A group that is gone keeps its number: whoever still runs in it is the proxy.
 */
#include "settings-private.h"

#include "divert-config.h"
#include "system/files/group.h"
#include "system/files/mode-file.h"

#define GROUP_RETRY_US (5 * G_USEC_PER_SEC)

static void look_up (DivertSettings *settings);

static void
on_group_changed (gpointer user_data)
{
  DivertSettings *settings = user_data;

  if (settings->has_gid && settings->config->group != NULL)
    look_up (settings);
}

DivertSettings *
divert_settings_new (const char      *config_dir,
                     DivertLookAgain  changed,
                     gpointer         user_data)
{
  DivertSettings *settings = g_new0 (DivertSettings, 1);
  g_autoptr(GError) error = NULL;

  settings->changed = changed;
  settings->user_data = user_data;
  settings->worker = divert_worker_new ("files");
  settings->group_watch = divert_group_watch_new (on_group_changed, settings);
  settings->config_dir = g_strdup (config_dir);
  settings->config = divert_config_new ();
  divert_settings_read (settings);

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
  divert_group_watch_free (settings->group_watch);
  divert_worker_free (settings->worker);
  g_free (settings->config_dir);
  divert_config_free (settings->config);
  g_free (settings->config_error);
  g_free (settings->group_error);
  divert_mode_free (settings->mode);
  g_free (settings->mode_error);
  g_free (settings);
}

const char *
divert_settings_get_config_dir (const DivertSettings *settings)
{
  return settings->config_dir;
}

const DivertConfig *
divert_settings_get_config (const DivertSettings *settings)
{
  return settings->config;
}

/* Looking up the group once more. */
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
  const gboolean again = settings->look_again;

  settings->looking_up = settings->look_again = FALSE;
  if (again)
    look_up (settings);
  /* Another configuration may have been put into force meanwhile. */
  if (!lookup->found || g_strcmp0 (settings->config->group, lookup->group) != 0 ||
      (settings->has_gid && settings->gid == lookup->gid))
    return;
  if (settings->has_gid)
    g_message ("the group '%s' has the number %u now, no longer %u", lookup->group, lookup->gid, settings->gid);
  settings->has_gid = TRUE;
  settings->gid = lookup->gid;
  g_clear_pointer (&settings->group_error, g_free);
  settings->changed (settings->user_data);
}

/* If a directory server hangs, we ask it only once. */
static void
look_up (DivertSettings *settings)
{
  Lookup *lookup;

  if (settings->looking_up)
    {
      settings->look_again = TRUE;
      return;
    }
  settings->looking_up = TRUE;
  lookup = g_new0 (Lookup, 1);
  lookup->settings = settings;
  lookup->group = g_strdup (settings->config->group);
  divert_worker_add (settings->worker, work_lookup, on_looked_up, lookup, lookup_free);
}

void
divert_settings_retry (DivertSettings *settings)
{
  const gint64 now = g_get_monotonic_time ();

  if (settings->group_error == NULL || now < settings->group_time + GROUP_RETRY_US)
    return;
  settings->group_time = now;
  if (!settings->looking_up)
    look_up (settings);
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
  if (settings->valid && !divert_config_names_proxy (settings->config))
    add_problem (problems, DIVERT_PROBLEM_NO_GROUP, NULL);
  if (settings->group_error != NULL)
    add_problem (problems, DIVERT_PROBLEM_GROUP, settings->group_error);
  if (settings->mode_error != NULL)
    add_problem (problems, DIVERT_PROBLEM_MODE_FILE, settings->mode_error);
  if (with_ipv6 != NULL)
    add_problem (problems, DIVERT_PROBLEM_IPV6_OFF, with_ipv6->name);
}
