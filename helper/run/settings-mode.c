/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: when a mode takes effect, and when it is saved on disk.
 *
 * A person's decision for safety comes first.  Away takes effect at once, and so does the end of a mode, whether or not
 * they can be saved on disk.  If they can't, they are saved in memory, so that they outlive the helper at least.  Any
 * other mode is saved first and takes effect then, so nothing has changed if it can't be saved.  If away took effect in
 * the meantime, the saved mode does not, because away was requested later.
 */
#include "settings-private.h"

#include "divert-config.h"
#include "system/base/clock.h"
#include "system/files/mode-file.h"

typedef struct
{
  DivertSettings *settings;
  DivertMode     *mode;
  guint           number;
  gboolean        taken;   /* takes effect before it is saved */
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

  if (saving->taken)
    divert_mode_file_insist (DIVERT_STATE_DIR, DIVERT_RUN_DIR, saving->mode, &saving->error);
  else
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
  DivertClock now;

  divert_clock_read (&now);
  divert_mode_set_end (saving->mode, mode->expires, &now);
  saving->number = ++settings->mode_number;
  saving->settled = settled;
  saving->user_data = user_data;
  saving->taken = mode->kind == DIVERT_MODE_AWAY;
  if (saving->taken)
    {
      take_mode (settings, saving->mode);
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
  /* Another mode is being saved right now, in place of this one. */
  if (settings->n_saving > 0)
    return;
  saving = saving_new (settings, automatic);
  saving->number = settings->taken_number;
  saving->taken = TRUE;
  divert_worker_add (settings->worker, work_saving, on_saved, saving, saving_free);
}
