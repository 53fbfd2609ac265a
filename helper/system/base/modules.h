/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel modules: what happened to those that a backend needs.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  DIVERT_MODULE_UNKNOWN, /* nobody tried, or it is loaded */
  DIVERT_MODULE_ABSENT,  /* this kernel does not have it */
  DIVERT_MODULE_BLOCKED, /* the administrator's modprobe.d forbids it */
  DIVERT_MODULE_FAILED,  /* the kernel refused it */
} DivertModuleState;

/* Has nm-divert-modules load what the rules need, and waits for it.  Does nothing where this process may
 * not load modules. */
void              divert_modules_call (void);
/* Records in @run_dir what happened to modules (@states: name → DivertModuleState), replacing the previous record. */
gboolean          divert_modules_remember (GHashTable *states, const char *run_dir, GError **error);
/* What happened to @name when the modules were last loaded. */
DivertModuleState divert_modules_recall (const char *name, const char *run_dir);
/* The same in a few words, with what to do about it; translated, static. */
const char       *divert_modules_advise (const char *name, const char *run_dir);

G_END_DECLS
