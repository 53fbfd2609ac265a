/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loads kernel modules; only nm-divert-modules uses it.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* @alternatives: GPtrArray of char * (names or aliases) each, the preferred one first.  Loads the modules of one after
 * the other until all modules of one are there, everything in @always, and the first one available in @one_of (both
 * NULL-terminated).  Records in @run_dir which could not be loaded, and why.  FALSE if the kernel's modules cannot be
 * read at all; the failure of a single one is not an error. */
gboolean divert_modules_load (const GPtrArray *alternatives, const char *const *always, const char *const *one_of,
                              const char *run_dir, GError **error);

/* Could all of @names be loaded, or are they in the kernel?  Loads nothing. */
gboolean divert_modules_can_load (const GPtrArray *names);

G_END_DECLS
