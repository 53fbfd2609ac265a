/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For those after whom nobody comes: trying again while another program is busy with the tables.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef gboolean (*DivertAttempt) (gpointer user_data, GError **error);

/* Calls @attempt until it succeeds, fails with something else than DIVERT_BACKEND_ERROR_BUSY, or 10 s have gone by. */
gboolean divert_insist (DivertAttempt attempt, gpointer user_data, GError **error);

G_END_DECLS
