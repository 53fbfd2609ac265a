/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the program nm-divert-modules: which modules are loaded before anything asks for them. These are the
 * modules of the configured backend, the one for the fence's device, and those of whoever ends flows. If any backend
 * may be used, the modules of the second one are loaded only if the first one's aren't all there.  If the
 * configuration is broken, nobody knows yet which one is wanted, and who mends it only reloads the helper, which may
 * load nothing: so all of them are loaded.
 * system/base/modules-load.c says how, and why it is a program of its own.
 *
 * With systemd's three arguments it is a generator, and loads nothing (grant.c).
 */
#include <stdlib.h>

#include "divert-config.h"
#include "grant.h"
#include "system/base/journal.h"
#include "system/base/modules-load.h"
#include "system/files/config-files.h"
#include "system/filter/choice.h"
#include "system/filter/guard.h"
#include "system/routing/fence-device.h"

/* What finds and ends sockets and connections, whichever backend there is (system/flows/). */
static const char *const of_flows[] = { "nf_conntrack_netlink", "tcp_diag", "udp_diag", NULL };

static void
add_names (GPtrArray         *names,
           const char *const *more)
{
  for (guint i = 0; more[i] != NULL; i++)
    g_ptr_array_add (names, g_strdup (more[i]));
}

/* @all: the first alternative is all of them together. */
static GPtrArray *
list_alternatives (DivertBackendKind kind,
                   gboolean          all)
{
  GPtrArray *alternatives = g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);
  GPtrArray *together = g_ptr_array_new_with_free_func (g_free), *names;

  if (all)
    g_ptr_array_add (alternatives, g_ptr_array_ref (together));
  for (guint nth = 0; (names = divert_choice_list_modules (kind, nth)) != NULL; nth++)
    {
      add_names (names, divert_guard_list_modules ());
      for (guint i = 0; i < names->len; i++)
        g_ptr_array_add (together, g_strdup (names->pdata[i]));
      g_ptr_array_add (alternatives, names);
    }
  g_ptr_array_unref (together);
  return alternatives;
}

static gboolean
load (const DivertConfig  *config,
      GError             **error)
{
  g_autoptr(GPtrArray) alternatives = list_alternatives (config != NULL ? config->backend : DIVERT_BACKEND_AUTO,
                                                         config == NULL);

  return divert_modules_load (alternatives, of_flows, divert_fence_device_kinds, DIVERT_RUN_DIR, error);
}

int
main (int    argc,
      char **argv)
{
  /* The helper says what is wrong with the configuration. */
  g_autoptr(DivertConfig) config = divert_config_files_load (DIVERT_VENDOR_DIR, DIVERT_CONFIG_DIR, TRUE, NULL);
  g_autoptr(GError) error = NULL;

  divert_journal_open ("nm-divert-modules");
  if (argc == 4 ? divert_grant_generate (config, argv[1], &error) : load (config, &error))
    return EXIT_SUCCESS;
  g_warning ("%s", error->message);
  return EXIT_FAILURE;
}
