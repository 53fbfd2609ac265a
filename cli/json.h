/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The helper's answers as the JSON that nm-divert(1) documents.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Every documented key is there, whatever the helper sent.  @pretty: many lines, otherwise one. */
char *divert_json_status (GVariant *status, gboolean pretty);
/* @address, @port and @protocol are what was asked for. */
char *divert_json_explanation (GVariant *explanation, const char *address, guint port, const char *protocol);
/* What `nm-divert doctor --json` prints. */
char *divert_json_diagnosis (GVariant *diagnosis);

G_END_DECLS
