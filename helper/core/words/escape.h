/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes outside text harmless before it goes into a message.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* @text with control characters, quotes, backslashes and invalid UTF-8 escaped, cut after 128 characters. */
char *divert_escape (const char *text);
/* The same, cut after @max characters of @text: for file names, whose end matters. */
char *divert_escape_up_to (const char *text, gsize max);
/* Like divert_escape(), but for text that has already been escaped in some way: backslashes and quotes stay. */
char *divert_escape_rest (const char *text);
/* Is @c printable, and does it leave the display of the characters around it alone? */
gboolean divert_character_is_harmless (gunichar c);

G_END_DECLS
