/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the program nm-divert-modules: which modules are loaded, those of the backend and the one that the fence's
 * device is made of, before they are asked for anything.
 * How, and why it is a program of its own: system/base/modules-load.c.
 */
#include <stdlib.h>

#include "divert-config.h"
#include "system/base/modules-load.h"
#include "system/filter/choice.h"
#include "system/routing/fence-device.h"

int
main (void)
{
  g_autoptr(DivertBackend) backend = divert_choice_new_backend (DIVERT_BACKEND_AUTO);
  g_autoptr(GPtrArray) names = backend->klass->list_modules (backend);
  g_autoptr(GError) error = NULL;

  g_log_writer_default_set_use_stderr (TRUE);
  if (divert_modules_load (names, divert_fence_device_kinds, DIVERT_RUN_DIR, &error))
    return EXIT_SUCCESS;
  g_warning ("%s", error->message);
  return EXIT_FAILURE;
}
