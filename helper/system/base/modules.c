/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the loading of kernel modules, and the memory of what could not be loaded.
 *
 * Theory of operation.  A freshly booted kernel has only the modules that somebody asked for.
 * Nothing asks for ip6_tables: the question for a revision, which loads an extension's module,
 * is answered ENOPROTOOPT as long as the module of the family is not there itself. And each
 * extension that the kernel loads on demand costs a modprobe process of its own, one after the
 * other: 13.5 s were seen at a boot of Debian 12 in an emulator.
 *
 * So all of them are loaded before the first question, by one process: libkmod reads its index
 * once. The unit forbids the helper to load modules. There this runs as a step of its own
 * (--load-modules) before the helper, with more rights and a short life; a helper that was
 * started without a unit does it itself.
 *
 * What went wrong is kept in a file of the run directory, because the helper, which may not read
 * the kernel's modules either, can tell a module that is absent from one that is forbidden in no
 * other way.
 */
#include "modules.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <libkmod.h>
#include <linux/capability.h>
#include <sys/prctl.h>

#define FILE_NAME "modules"
#define GROUP "modules"

static const char *const state_names[] = {
  [DIVERT_MODULE_UNKNOWN] = "unknown",
  [DIVERT_MODULE_ABSENT] = "absent",
  [DIVERT_MODULE_BLOCKED] = "blocked",
  [DIVERT_MODULE_FAILED] = "failed",
};

gboolean
divert_modules_may_load (void)
{
  return prctl (PR_CAPBSET_READ, CAP_SYS_MODULE, 0, 0, 0) == 1;
}

/* An install command is a shell's. Nobody runs one for us: whoever writes it wants something else than the module. */
static int
refuse_install (struct kmod_module *module,
                const char         *command,
                void               *data)
{
  gboolean *refused = data;

  *refused = TRUE;
  return -EPERM;
}

static DivertModuleState
insert (struct kmod_module *module)
{
  gboolean refused = FALSE;
  int result = kmod_module_probe_insert_module (module, KMOD_PROBE_APPLY_BLACKLIST, NULL, refuse_install, &refused,
                                                NULL);

  /* A positive answer names the filter that stopped it. */
  if (result > 0 || refused)
    return DIVERT_MODULE_BLOCKED;
  return result == 0 || result == -EEXIST ? DIVERT_MODULE_UNKNOWN : DIVERT_MODULE_FAILED;
}

static DivertModuleState
load (struct kmod_ctx *context,
      const char      *name)
{
  struct kmod_list *found = NULL, *item;
  DivertModuleState state = DIVERT_MODULE_UNKNOWN;

  kmod_module_new_from_lookup (context, name, &found);
  if (found == NULL)
    return DIVERT_MODULE_ABSENT;
  kmod_list_foreach (item, found)
    {
      struct kmod_module *module = kmod_module_get_module (item);

      state = MAX (state, insert (module));
      kmod_module_unref (module);
    }
  kmod_module_unref_list (found);
  return state;
}

static char *
get_path (const char *run_dir)
{
  return g_build_filename (run_dir, FILE_NAME, NULL);
}

gboolean
divert_modules_load (const GPtrArray  *names,
                     const char       *run_dir,
                     GError          **error)
{
  g_autofree char *path = get_path (run_dir);
  g_autoptr(GKeyFile) file = g_key_file_new ();
  struct kmod_ctx *context = kmod_new (NULL, NULL);

  if (context == NULL)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), _("cannot read the kernel's modules: %s"),
                   g_strerror (errno));
      return FALSE;
    }
  /* It would write to stderr what we say better. */
  kmod_set_log_priority (context, 0);
  kmod_load_resources (context);
  for (guint i = 0; i < names->len; i++)
    {
      const char *name = names->pdata[i];
      DivertModuleState state = load (context, name);

      if (state == DIVERT_MODULE_UNKNOWN)
        continue;
      g_info ("module %s: %s", name, state_names[state]);
      g_key_file_set_string (file, GROUP, name, state_names[state]);
    }
  kmod_unref (context);

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
