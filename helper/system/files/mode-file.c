/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the two files that store the mode.
 *
 * If both exist, the one in the run directory takes precedence.  So when a lasting mode is saved,
 * its file is written before the other is removed.  When a mode that ends with the network is
 * saved, the lasting mode is first set to auto: a reboot also ends it, and must not bring an
 * earlier mode back.  Whatever happens in between, the mode that is read is the old one, the new
 * one, or auto.
 *
 * A full disk must not bring an earlier mode back while this boot lasts.  The run directory is in
 * memory, so it also takes what can't be stored in its place.
 */
#include "mode-file.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>

#define FILE_NAME "mode"
#define MAX_BYTES 4096

/* NULL without an error: there is none. */
static DivertMode *
load_one (const char *dir,
          GError    **error)
{
  g_autofree char *path = g_build_filename (dir, FILE_NAME, NULL);
  g_autofree char *text = NULL;
  g_autoptr(GError) local_error = NULL;
  DivertMode *mode;
  gsize length;

  if (!g_file_get_contents (path, &text, &length, &local_error))
    {
      if (!g_error_matches (local_error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        g_propagate_error (error, g_steal_pointer (&local_error));
      return NULL;
    }
  mode = length <= MAX_BYTES ? divert_mode_from_text (text, length) : NULL;
  if (mode == NULL)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, _("not a mode: '%s'"), path);
  return mode;
}

DivertMode *
divert_mode_file_load (const char  *state_dir,
                       const char  *run_dir,
                       GError     **error)
{
  g_autoptr(GError) local_error = NULL;
  DivertMode *mode = load_one (run_dir, &local_error);

  if (mode == NULL && local_error == NULL)
    mode = load_one (state_dir, &local_error);
  if (local_error != NULL)
    g_propagate_error (error, g_steal_pointer (&local_error));
  return mode != NULL ? mode : divert_mode_new (DIVERT_MODE_AUTO, NULL);
}

static gboolean
remove_one (const char *dir,
            GError    **error)
{
  g_autofree char *path = g_build_filename (dir, FILE_NAME, NULL);

  if (g_unlink (path) == 0 || errno == ENOENT)
    return TRUE;
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno), "%s: %s", path, g_strerror (errno));
  return FALSE;
}

static gboolean
save_one (const char        *dir,
          const DivertMode  *mode,
          GError           **error)
{
  g_autofree char *path = g_build_filename (dir, FILE_NAME, NULL);
  g_autofree char *text = divert_mode_to_text (mode);

  if (g_mkdir_with_parents (dir, 0755) != 0)
    {
      g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno), "%s: %s", dir, g_strerror (errno));
      return FALSE;
    }
  return g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0644,
                                   error);
}

static gboolean
save_until_network_change (const char        *state_dir,
                           const char        *run_dir,
                           const DivertMode  *mode,
                           GError           **error)
{
  g_autoptr(DivertMode) lasting = load_one (state_dir, NULL);
  g_autoptr(DivertMode) automatic = divert_mode_new (DIVERT_MODE_AUTO, NULL);

  if (lasting != NULL && !divert_mode_equal (lasting, automatic) && !save_one (state_dir, automatic, error))
    return FALSE;
  if (save_one (run_dir, mode, error))
    return TRUE;
  if (lasting != NULL)
    save_one (state_dir, lasting, NULL);
  return FALSE;
}

gboolean
divert_mode_file_save (const char        *state_dir,
                       const char        *run_dir,
                       const DivertMode  *mode,
                       GError           **error)
{
  if (mode->network != NULL)
    return save_until_network_change (state_dir, run_dir, mode, error);
  return save_one (state_dir, mode, error) && remove_one (run_dir, error);
}

gboolean
divert_mode_file_insist (const char        *state_dir,
                         const char        *run_dir,
                         const DivertMode  *mode,
                         GError           **error)
{
  if (divert_mode_file_save (state_dir, run_dir, mode, error))
    return TRUE;
  /* What is in the run directory would come first. */
  if (!save_one (run_dir, mode, NULL) && save_one (state_dir, mode, NULL))
    remove_one (run_dir, NULL);
  return FALSE;
}
