/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: loading kernel modules.
 *
 * Theory of operation.  A freshly booted kernel has only the modules that somebody asked for, and
 * nothing asks for ip6_tables.  The request for a revision, which loads the module of an extension,
 * is answered with ENOPROTOOPT while the module of the family itself is missing (K1.1).  And each
 * extension that the kernel loads on demand costs a modprobe process, one after the other: we saw
 * 13.5 s at a boot of Debian 12 in an emulator.
 *
 * So one process loads all of them before the first such request, and libkmod reads its index only
 * once.  That process is a program of its own (nm-divert-modules) for two reasons: the helper must
 * not be allowed to load modules, and libkmod with the libraries behind it would take up a third of
 * the helper's start.  The unit nm-divert-modules.service runs it in parallel with the boot; a
 * helper started without a unit calls it.
 *
 * Failures are recorded in a file in the run directory.  The helper cannot read the kernel's
 * modules either, so it has no other way to tell an absent module from a forbidden one.
 *
 * Two modules create devices that we do not want when they are loaded.  We pass an option against
 * that, unless the administrator has set the number (systemd's modprobe.d does the same, but
 * systemd is not everywhere).
 */
#include "modules-load.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <libkmod.h>
#include <string.h>

#include "modules.h"

/* An install command is a shell command, and we do not run those.  Whoever wrote it wants something other
 * than the module. */
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

  /* A positive result is the filter that stopped it. */
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

static gboolean
load_or_note (struct kmod_ctx *context,
              const char      *name,
              GHashTable      *states)
{
  const DivertModuleState state = load (context, name);

  if (state != DIVERT_MODULE_UNKNOWN)
    g_hash_table_insert (states, (gpointer) name, GUINT_TO_POINTER (state));
  return state == DIVERT_MODULE_UNKNOWN;
}

/* FALSE: not all of them. */
static gboolean
load_all (struct kmod_ctx *context,
          const GPtrArray *names,
          GHashTable      *states)
{
  gboolean all = TRUE;

  for (guint i = 0; i < names->len; i++)
    all &= load_or_note (context, names->pdata[i], states);
  return all;
}

static gboolean
has_install (struct kmod_list *modules)
{
  struct kmod_list *item;
  gboolean has = FALSE;

  kmod_list_foreach (item, modules)
    {
      struct kmod_module *module = kmod_module_get_module (item);

      has |= kmod_module_get_install_commands (module) != NULL;
      kmod_module_unref (module);
    }
  return has;
}

static gboolean
can_load (struct kmod_ctx *context,
          const char      *name)
{
  struct kmod_list *found = NULL, *allowed = NULL;
  gboolean can = FALSE;

  kmod_module_new_from_lookup (context, name, &found);
  if (found != NULL && kmod_module_apply_filter (context, KMOD_FILTER_BLACKLIST, found, &allowed) == 0)
    can = allowed != NULL && !has_install (allowed);
  kmod_module_unref_list (found);
  kmod_module_unref_list (allowed);
  return can;
}

gboolean
divert_modules_can_load (const GPtrArray *names)
{
  struct kmod_ctx *context = kmod_new (NULL, NULL);
  gboolean can = context != NULL;

  if (context == NULL)
    return FALSE;
  kmod_set_log_priority (context, 0);
  kmod_load_resources (context);
  for (guint i = 0; can && i < names->len; i++)
    can = can_load (context, names->pdata[i]);
  kmod_unref (context);
  return can;
}

gboolean
divert_modules_load (const GPtrArray    *alternatives,
                     const char *const  *always,
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
  /* libkmod would write to stderr what we report better. */
  kmod_set_log_priority (context, 0);
  kmod_load_resources (context);
  for (guint i = 0; i < alternatives->len && !load_all (context, alternatives->pdata[i], states); i++)
    ;
  for (guint i = 0; always[i] != NULL; i++)
    load_or_note (context, always[i], states);
  for (guint i = 0; one_of[i] != NULL && load (context, one_of[i]) != DIVERT_MODULE_UNKNOWN; i++)
    ;
  kmod_unref (context);
  return divert_modules_remember (states, run_dir, error);
}
