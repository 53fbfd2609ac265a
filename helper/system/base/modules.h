/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel modules: what became of those that a backend needs.
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

/* Has nm-divert-modules load what the rules need, and waits for it; nothing happens where this process could not. */
void              divert_modules_call (void);
/* Writes down in @run_dir what became of modules (@states: name → DivertModuleState), instead of what is there. */
gboolean          divert_modules_remember (GHashTable *states, const char *run_dir, GError **error);
/* What became of @name when the modules were last loaded. */
DivertModuleState divert_modules_recall (const char *name, const char *run_dir);

G_END_DECLS
