/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the program nm-divert-modules: which modules are loaded before anything asks for them. These are the
 * modules of the configured backend and the one for the fence's device. system/base/modules-load.c says how, and why it
 * is a program of its own.
 */
#include <stdlib.h>

#include "divert-config.h"
#include "system/base/modules-load.h"
#include "system/files/config-files.h"
#include "system/filter/choice.h"
#include "system/filter/guard.h"
#include "system/routing/fence-device.h"

int
main (void)
{
  /* The helper says what is wrong with the configuration. */
  g_autoptr(DivertConfig) config = divert_config_files_load (DIVERT_VENDOR_DIR, DIVERT_CONFIG_DIR, TRUE, NULL);
  const DivertBackendKind kind = config != NULL ? config->backend : DIVERT_BACKEND_AUTO;
  g_autoptr(DivertBackend) backend = divert_choice_new_backend (kind);
  g_autoptr(GPtrArray) names = backend->klass->list_modules (backend);
  const char *const *of_guard = divert_guard_list_modules ();
  g_autoptr(GError) error = NULL;

  for (guint i = 0; of_guard[i] != NULL; i++)
    g_ptr_array_add (names, g_strdup (of_guard[i]));
  g_log_writer_default_set_use_stderr (TRUE);
  if (divert_modules_load (names, divert_fence_device_kinds, DIVERT_RUN_DIR, &error))
    return EXIT_SUCCESS;
  g_warning ("%s", error->message);
  return EXIT_FAILURE;
}
