/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making outside text harmless before it goes into a message.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* @text with control characters, quotes, backslashes and invalid UTF-8 escaped, cut at 128 characters. */
char *divert_escape (const char *text);
/* As above, cut at @max characters of @text: for file names, of which the end matters. */
char *divert_escape_up_to (const char *text, gsize max);
/* As divert_escape(), of a text that is escaped already, in whichever way: backslashes and quotes stay. */
char *divert_escape_rest (const char *text);
/* Printable, and changing nothing about how the characters around it are shown. */
gboolean divert_character_is_harmless (gunichar c);

G_END_DECLS
