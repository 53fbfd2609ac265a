/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What people have set: the configuration, the group that it names, and the mode.  Each is replaced as a whole, and
 * only by a valid one.
 */
#pragma once

#include "core/config/config.h"
#include "core/place/mode.h"
#include "core/place/problem.h"
#include "system/base/look-again.h"

G_BEGIN_DECLS

typedef struct DivertSettings DivertSettings;

/* @error NULL: it is done; otherwise nothing has changed. */
typedef void (*DivertSettled) (const GError *error, gpointer user_data);

/* Reads everything before it returns.  If something can't be read, that is a problem, not an error.  @changed is called
 * when something took effect, or when the problems change. */
DivertSettings     *divert_settings_new (const char *config_dir, DivertLookAgain changed, gpointer user_data);
void                divert_settings_free (DivertSettings *settings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertSettings, divert_settings_free)

const char         *divert_settings_get_config_dir (const DivertSettings *settings);
/* Defaults without a site until a valid configuration has been read. */
const DivertConfig *divert_settings_get_config (const DivertSettings *settings);
/* Has a valid configuration been read, and is its group known?  If it names a unit alone, that is DIVERT_GID_NONE. */
gboolean            divert_settings_get_gid (const DivertSettings *settings, guint32 *ret_gid);
const DivertMode   *divert_settings_get_mode (const DivertSettings *settings);

/* Looks up an unknown group again, if it is time. */
void                divert_settings_retry (DivertSettings *settings);
/* When that time comes (monotonic µs); 0: the group is known, or none is named. */
gint64              divert_settings_get_retry (const DivertSettings *settings);

/* None of these waits.  @settled is called later, from the main loop, when the change has taken effect. */

/* Reads the configuration again.  On failure, the previous one stays.  It also stays if its group is known and the new
 * one's is not. */
void                divert_settings_reload (DivertSettings *settings, DivertSettled settled, gpointer user_data);
/* The mode is saved on disk before it takes effect.  Away takes effect at once, in any case. */
void                divert_settings_set_mode (DivertSettings *settings, const DivertMode *mode, DivertSettled settled,
                                              gpointer user_data);
/* The mode is over.  It is auto from now on, whether or not that can be saved on disk. */
void                divert_settings_end_mode (DivertSettings *settings);
/* Writes @text to the file of a learned site, or removes the existing file if @text is NULL, and reads the
 * configuration again.  On failure nothing has changed.  The error is a DIVERT_CONFIG_ERROR if the result would not be
 * a valid configuration. */
void                divert_settings_keep_site (DivertSettings *settings, const char *site, const char *text,
                                               DivertSettled settled, gpointer user_data);

/* Adds what is wrong with the settings to @problems (DivertProblem). */
void                divert_settings_add_problems (const DivertSettings *settings, GPtrArray *problems);

G_END_DECLS
