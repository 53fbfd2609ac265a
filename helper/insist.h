/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Retrying while another program is busy with the tables, for code that nobody runs again later.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef gboolean (*DivertAttempt) (gpointer user_data, GError **error);

/* Calls @attempt until it succeeds, fails with an error other than DIVERT_BACKEND_ERROR_BUSY, or 10 s have passed. */
gboolean divert_insist (DivertAttempt attempt, gpointer user_data, GError **error);

G_END_DECLS
