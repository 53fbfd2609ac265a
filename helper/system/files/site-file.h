/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes and removes the file of a learned site: conf.d/SITE.conf.
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
  DIVERT_SITE_FILE_ERROR_WRITE,   /* disk full, read-only … */
} DivertSiteFileError;

/* @config_dir is "/etc/nm-divert". */
char    *divert_site_file_get_path (const char *config_dir, const char *site);
/* @site is a valid name; @existing is that site in the current configuration, or NULL.  Atomic; the file
 * is owned by root, with mode 0644.  Refused if all files together, as they are now, would not be a valid
 * configuration.  On failure nothing has changed.  @ret_previous: what was there before; NULL for
 * nothing. */
gboolean divert_site_file_write (const char *config_dir, const char *site, const DivertSite *existing, const char *text,
                                 char **ret_previous, GError **error);
gboolean divert_site_file_remove (const char *config_dir, const DivertSite *existing, char **ret_previous,
                                  GError **error);
/* Undoes either of them. */
gboolean divert_site_file_restore (const char *config_dir, const char *site, const char *previous, GError **error);

G_END_DECLS
