/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What people have set: the configuration, the group that it names, and the
 * mode.  Each is replaced as a whole, and only by a valid one.
 */
#pragma once

#include "core/config/config.h"
#include "core/place/mode.h"
#include "core/place/problem.h"
#include "system/base/look-again.h"

G_BEGIN_DECLS

typedef struct DivertSettings DivertSettings;

/* @error NULL: it is done; else nothing has changed. */
typedef void (*DivertSettled) (const GError *error, gpointer user_data);

/* Reads all, here and now; what cannot be read is a problem, not an error.  @changed: something was taken, or there is
 * another problem. */
DivertSettings     *divert_settings_new (const char *config_dir, DivertLookAgain changed, gpointer user_data);
void                divert_settings_free (DivertSettings *settings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertSettings, divert_settings_free)

const char         *divert_settings_get_config_dir (const DivertSettings *settings);
/* Defaults without a site until a valid configuration has been read. */
const DivertConfig *divert_settings_get_config (const DivertSettings *settings);
/* Has a valid configuration been read, and is its group known? */
gboolean            divert_settings_get_gid (const DivertSettings *settings, guint32 *ret_gid);
const DivertMode   *divert_settings_get_mode (const DivertSettings *settings);

/* Looks for an unknown group again, if it is time. */
void                divert_settings_retry (DivertSettings *settings);
/* When it will be (monotonic µs); 0: the group is known, or none is named. */
gint64              divert_settings_get_retry (const DivertSettings *settings);

/* None of these waits: @settled is called later, from the main loop, when it is taken. */

/* The configuration again.  On failure, and if its group is not known while the previous one's is,
 * the previous one stays. */
void                divert_settings_reload (DivertSettings *settings, DivertSettled settled, gpointer user_data);
/* Kept on disk before it is taken; away is taken here and now, and in any case. */
void                divert_settings_set_mode (DivertSettings *settings, const DivertMode *mode, DivertSettled settled,
                                              gpointer user_data);
/* It is over: auto from now on, whether that can be kept on disk or not. */
void                divert_settings_end_mode (DivertSettings *settings);
/* Writes @text into the file of a site that was learned, or (NULL: of a site that there is) removes it, and reads the
 * configuration again.  On failure nothing has changed; it is a DIVERT_CONFIG_ERROR if no valid
 * configuration would come of it. */
void                divert_settings_keep_site (DivertSettings *settings, const char *site, const char *text,
                                               DivertSettled settled, gpointer user_data);

/* Adds what is wrong with the settings to @problems (DivertProblem). */
void                divert_settings_add_problems (const DivertSettings *settings, GPtrArray *problems);

G_END_DECLS
