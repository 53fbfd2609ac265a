/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel modules: loading those that a backend needs, and what became of each.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  DIVERT_MODULE_UNKNOWN, /* nobody tried, or it is there */
  DIVERT_MODULE_ABSENT,  /* this kernel comes without it */
  DIVERT_MODULE_BLOCKED, /* the administrator's modprobe.d forbids it */
  DIVERT_MODULE_FAILED,  /* the kernel did not take it */
} DivertModuleState;

/* May this process load modules at all?  Under its unit the helper may not. */
gboolean          divert_modules_may_load (void);
/* Loads the modules of @names (char *: names or aliases), and writes down in @run_dir what became of those that
 * could not be loaded. FALSE if the kernel's modules cannot be read; a single one that fails is no error. */
gboolean          divert_modules_load (const GPtrArray *names, const char *run_dir, GError **error);
/* What became of @name when divert_modules_load() last ran, in this process or in another one. */
DivertModuleState divert_modules_recall (const char *name, const char *run_dir);

G_END_DECLS
