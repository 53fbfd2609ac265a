/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeps the mode across the helper's restarts, and, unless it ends with the network, across the machine's.
 */
#pragma once

#include "core/place/mode.h"

G_BEGIN_DECLS

/* @run_dir goes with a reboot and holds a mode that ends with the network; @state_dir stays.  Never
 * NULL: a file that is missing means auto, and one that cannot be read or understood means auto
 * with @error set. */
DivertMode *divert_mode_file_load (const char *state_dir, const char *run_dir, GError **error);
/* Atomic.  On failure the mode that was kept is still kept. */
gboolean    divert_mode_file_save (const char *state_dir, const char *run_dir, const DivertMode *mode, GError **error);

G_END_DECLS
