/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: remembering modules that could not be loaded, and calling the program that loads them.
 *
 * modules-load.c explains why that is a separate program.
 */
#include "modules.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <linux/capability.h>
#include <sys/prctl.h>

#include "divert-config.h"

#define FILE_NAME "modules"
#define GROUP "modules"

static const char *const state_names[] = {
  [DIVERT_MODULE_UNKNOWN] = "unknown",
  [DIVERT_MODULE_ABSENT] = "absent",
  [DIVERT_MODULE_BLOCKED] = "blocked",
  [DIVERT_MODULE_FAILED] = "failed",
};

/* Under the unit this process must not load modules, but the unit has already had it done. */
static gboolean
may_load (void)
{
  return prctl (PR_CAPBSET_READ, CAP_SYS_MODULE, 0, 0, 0) == 1;
}

void
divert_modules_call (void)
{
  char *argv[] = { (char *) DIVERT_LIBEXEC_DIR "/nm-divert-modules", NULL };
  g_autoptr(GError) error = NULL;

  if (may_load () && !g_spawn_sync (NULL, argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, NULL, NULL, &error))
    g_info ("%s", error->message);
}

static char *
get_path (const char *run_dir)
{
  return g_build_filename (run_dir, FILE_NAME, NULL);
}

gboolean
divert_modules_remember (GHashTable  *states,
                         const char  *run_dir,
                         GError     **error)
{
  g_autofree char *path = get_path (run_dir);
  g_autoptr(GKeyFile) file = g_key_file_new ();
  GHashTableIter iter;
  gpointer name, state;

  g_hash_table_iter_init (&iter, states);
  while (g_hash_table_iter_next (&iter, &name, &state))
    g_key_file_set_string (file, GROUP, name, state_names[GPOINTER_TO_UINT (state)]);
  g_mkdir_with_parents (run_dir, 0700);
  return g_key_file_save_to_file (file, path, error);
}

DivertModuleState
divert_modules_recall (const char *name,
                       const char *run_dir)
{
  g_autofree char *path = get_path (run_dir);
  g_autoptr(GKeyFile) file = g_key_file_new ();
  g_autofree char *text = NULL;

  if (!g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, NULL))
    return DIVERT_MODULE_UNKNOWN;
  text = g_key_file_get_string (file, GROUP, name, NULL);
  for (guint state = 0; state < G_N_ELEMENTS (state_names); state++)
    if (g_strcmp0 (text, state_names[state]) == 0)
      return state;
  return DIVERT_MODULE_UNKNOWN;
}

const char *
divert_modules_advise (const char *name,
                       const char *run_dir)
{
  switch (divert_modules_recall (name, run_dir))
    {
    case DIVERT_MODULE_ABSENT:
      return _("this kernel comes without it");
    case DIVERT_MODULE_BLOCKED:
      return _("modprobe.d forbids it");
    case DIVERT_MODULE_FAILED:
      return _("the kernel did not take it");
    case DIVERT_MODULE_UNKNOWN:
    default:
      return _("load it");
    }
}
