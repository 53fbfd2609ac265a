/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the configuration's files: nm-divert.conf, then conf.d/ *.conf in name
 * order, regular files that only root may write.
 */
#pragma once

#include "core/config/config.h"

G_BEGIN_DECLS

/* @directory is "/etc/nm-divert".  A missing main file or conf.d is no error: all
 * keys have defaults.  With @strict each file (and the directory) must belong to root and be
 * writable by root alone.  NULL and @error with file, line, key and value. */
DivertConfig *divert_config_files_load (const char *directory, gboolean strict, GError **error);
/* Could it be loaded, strictly, if conf.d had file @name with this text, or, if @text is NULL, without it? */
gboolean      divert_config_files_check_with (const char *directory, const char *name, const char *text,
                                              GError **error);
/* One file alone (check-config FILE). */
DivertConfig *divert_config_files_load_one (const char *file, gboolean strict, GError **error);

G_END_DECLS
