/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: which modules are loaded, and when: those of the backend, before it is asked for anything.
 * How, and why in a step of its own: system/base/modules.c.
 */
#include "load-modules.h"

#include <stdlib.h>

#include "divert-config.h"
#include "system/filter/choice.h"
#include "system/base/modules.h"

int
divert_load_modules (void)
{
  g_autoptr(DivertBackend) backend = divert_choice_new_backend (DIVERT_BACKEND_AUTO);
  g_autoptr(GPtrArray) names = backend->klass->list_modules (backend);
  g_autoptr(GError) error = NULL;

  if (divert_modules_load (names, DIVERT_RUN_DIR, &error))
    return EXIT_SUCCESS;
  g_warning ("%s", error->message);
  return EXIT_FAILURE;
}
