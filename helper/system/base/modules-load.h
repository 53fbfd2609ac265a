/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loading kernel modules: of nm-divert-modules alone.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Loads the modules of @names (char *: names or aliases), and of @one_of (NULL-terminated) the first that can be had.
 * Writes down in @run_dir what became of those of @names that could not be loaded.  FALSE if the kernel's modules
 * cannot be read; a single one that fails is no error. */
gboolean divert_modules_load (const GPtrArray *names, const char *const *one_of, const char *run_dir, GError **error);

G_END_DECLS
