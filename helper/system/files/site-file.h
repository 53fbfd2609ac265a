/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes and removes the file of a site that was learned: conf.d/SITE.conf.
 */
#pragma once

#include <gio/gio.h>

#include "core/config/config.h"

G_BEGIN_DECLS

#define DIVERT_SITE_FILE_ERROR (divert_site_file_error_quark ())
GQuark divert_site_file_error_quark (void);

typedef enum
{
  DIVERT_SITE_FILE_ERROR_BY_HAND, /* the site, or a file of its name, is a person's own */
  DIVERT_SITE_FILE_ERROR_NONE,    /* nothing to remove */
  DIVERT_SITE_FILE_ERROR_WRITE,   /* full, read-only … */
} DivertSiteFileError;

/* @config_dir is "/etc/nm-divert". */
char    *divert_site_file_get_path (const char *config_dir, const char *site);
/* @site by its valid name; @existing as the configuration has it now, or NULL.  Atomic; root's,
 * mode 0644.  Refused if the files, all of them as they are now, would make no valid configuration.
 * On failure nothing has changed.  @ret_previous: what was there, NULL for nothing. */
gboolean divert_site_file_write (const char *config_dir, const char *site, const DivertSite *existing, const char *text,
                                 char **ret_previous, GError **error);
gboolean divert_site_file_remove (const char *config_dir, const DivertSite *existing, char **ret_previous,
                                  GError **error);
/* Undoes the one or the other. */
gboolean divert_site_file_restore (const char *config_dir, const char *site, const char *previous, GError **error);

G_END_DECLS
