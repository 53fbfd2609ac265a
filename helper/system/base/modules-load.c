/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the loading of kernel modules.
 *
 * Theory of operation.  A freshly booted kernel has only the modules that somebody asked for.
 * Nothing asks for ip6_tables: the question for a revision, which loads an extension's module,
 * is answered ENOPROTOOPT as long as the module of the family is not there itself. And each
 * extension that the kernel loads on demand costs a modprobe process of its own, one after the
 * other: 13.5 s were seen at a boot of Debian 12 in an emulator.
 *
 * So all of them are loaded before the first question, by one process: libkmod reads its index
 * once. A program of its own does it (nm-divert-modules): the helper may load none, and what loads them, libkmod and
 * the libraries behind it, would be a third of the helper's start. The unit nm-divert-modules.service runs it beside
 * the boot; a helper that was started without a unit calls it.
 *
 * What went wrong is kept in a file of the run directory, because the helper, which may not read
 * the kernel's modules either, can tell a module that is absent from one that is forbidden in no
 * other way.
 *
 * Two modules make devices of their own when they are loaded, which nobody asked us for: they are told not to, unless
 * the administrator has set their number (systemd's modprobe.d does as we do, but there is not systemd everywhere).
 */
#include "modules-load.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <libkmod.h>
#include <string.h>

#include "modules.h"

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

static const char *
get_extra_option (struct kmod_module *module)
{
  static const struct
  {
    const char *module, *parameter, *option;
  } numbers[] = {
    { "dummy", "numdummies=", "numdummies=0" },
    { "ifb", "numifbs=", "numifbs=0" },
  };
  const char *options = kmod_module_get_options (module);

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    if (g_str_equal (kmod_module_get_name (module), numbers[i].module) &&
        (options == NULL || strstr (options, numbers[i].parameter) == NULL))
      return numbers[i].option;
  return NULL;
}

static DivertModuleState
insert (struct kmod_module *module)
{
  gboolean refused = FALSE;
  int result = kmod_module_probe_insert_module (module, KMOD_PROBE_APPLY_BLACKLIST, get_extra_option (module),
                                                refuse_install, &refused, NULL);

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

gboolean
divert_modules_load (const GPtrArray    *names,
                     const char *const  *one_of,
                     const char         *run_dir,
                     GError            **error)
{
  g_autoptr(GHashTable) states = g_hash_table_new (g_str_hash, g_str_equal);
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
      DivertModuleState state = load (context, names->pdata[i]);

      if (state != DIVERT_MODULE_UNKNOWN)
        g_hash_table_insert (states, names->pdata[i], GUINT_TO_POINTER (state));
    }
  for (guint i = 0; one_of[i] != NULL && load (context, one_of[i]) != DIVERT_MODULE_UNKNOWN; i++)
    ;
  kmod_unref (context);
  return divert_modules_remember (states, run_dir, error);
}
