/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the configuration's files: nm-divert.conf, then conf.d/ *.conf sorted by name, from a vendor's directory and an
 * administrator's.  Of two files with the same name, only the administrator's is read.  Only regular files count, and
 * nobody but root may be able to write to them.
 */
#pragma once

#include "core/config/config.h"

G_BEGIN_DECLS

/* @vendor is "/usr/lib/nm-divert", @directory is "/etc/nm-divert".  A missing directory, main file or conf.d is not an
 * error, because all keys have defaults.  With @strict, each file (and each directory) must belong to root, and only
 * root may be able to write to it.  On failure, NULL, and @error names file, line, key and value. */
DivertConfig *divert_config_files_load (const char *vendor, const char *directory, gboolean strict, GError **error);
/* Could the configuration be loaded, strictly, if the administrator's conf.d had a file @name with @text, or without
 * that file if @text is NULL? */
gboolean      divert_config_files_check_with (const char *vendor, const char *directory, const char *name,
                                              const char *text, GError **error);
/* A single file (check-config FILE). */
DivertConfig *divert_config_files_load_one (const char *file, gboolean strict, GError **error);

G_END_DECLS
