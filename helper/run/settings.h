/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What people have set: the configuration, the group that it names, and the
 * mode.  Each is replaced as a whole, and only by a valid one.
 */
#pragma once

#include "core/config/config.h"
#include "core/place/mode.h"
#include "core/place/problem.h"

G_BEGIN_DECLS

typedef struct DivertSettings DivertSettings;

/* Reads all; what cannot be read is a problem, not an error. */
DivertSettings     *divert_settings_new (const char *config_dir);
void                divert_settings_free (DivertSettings *settings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertSettings, divert_settings_free)

/* The configuration again.  On failure, and if its group is not known while the previous one's is,
 * the previous one stays. */
gboolean            divert_settings_reload (DivertSettings *settings, GError **error);
/* Defaults without a site until a valid configuration has been read. */
const DivertConfig *divert_settings_get_config (const DivertSettings *settings);
/* Has a valid configuration been read, and is its group known? */
gboolean            divert_settings_get_gid (DivertSettings *settings, guint32 *ret_gid);

/* When an unknown group is worth another look (monotonic µs); 0: it is known, or none is named. */
gint64              divert_settings_get_group_retry (const DivertSettings *settings);

const DivertMode   *divert_settings_get_mode (const DivertSettings *settings);
/* Kept on disk before it is taken; away is taken in any case. */
gboolean            divert_settings_set_mode (DivertSettings *settings, const DivertMode *mode, GError **error);
/* It is over: auto from now on, whether that can be kept on disk or not. */
void                divert_settings_end_mode (DivertSettings *settings);

const char         *divert_settings_get_config_dir (const DivertSettings *settings);
/* Writes @text into the file of a site that was learned, or (NULL: of a site that there is) removes it, and reads the
 * configuration again.  On failure nothing has changed; it is a DIVERT_CONFIG_ERROR if no valid
 * configuration would come of it. */
gboolean            divert_settings_keep_site (DivertSettings *settings, const char *site, const char *text, GError **error);

/* Adds what is wrong with the settings to @problems (DivertProblem). */
void                divert_settings_add_problems (const DivertSettings *settings, GPtrArray *problems);

G_END_DECLS
