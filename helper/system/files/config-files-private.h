/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One file or directory of the configuration.  @path names it in messages. */
#pragma once

#include <dirent.h>

#include "config-files.h"

G_BEGIN_DECLS

typedef DIR DivertDirectory;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertDirectory, closedir)

/* Sets @error to "@path: cannot be read", for the errno @failure.  Always FALSE. */
gboolean divert_config_file_refuse (const char *path, int failure, GError **error);
/* Adds file @name in directory @at.  A link to /dev/null counts as an empty file.  Follows any other symbolic link;
 * what matters is who owns the file behind it.  With @ret_missing, a missing file is not an error. */
gboolean divert_config_file_add (DivertConfig *config, int at, const char *name, const char *path, gboolean strict,
                                 gboolean *ret_missing, GError **error);
/* Opens directory @name in @at.  NULL without @error if there is none. */
DIR     *divert_config_file_open_directory (int at, const char *name, const char *path, gboolean strict,
                                            GError **error);

G_END_DECLS
