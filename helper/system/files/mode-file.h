/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stores the mode across restarts of the helper and, unless it ends with the network, of the
 * machine.
 */
#pragma once

#include "core/place/mode.h"

G_BEGIN_DECLS

/* @run_dir is lost at a reboot and has a mode that ends with the network; @state_dir stays.  Never
 * returns NULL: a missing file means auto, and a file that cannot be read or understood means auto with
 * @error set. */
DivertMode *divert_mode_file_load (const char *state_dir, const char *run_dir, GError **error);
/* Atomic.  On failure the stored mode does not change. */
gboolean    divert_mode_file_save (const char *state_dir, const char *run_dir, const DivertMode *mode, GError **error);
/* The same, for a mode that is in force already.  On failure it is stored wherever it can be, so that an earlier mode
 * comes back after the next reboot at the soonest. */
gboolean    divert_mode_file_insist (const char *state_dir, const char *run_dir, const DivertMode *mode,
                                     GError **error);

G_END_DECLS
