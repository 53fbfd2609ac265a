/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text and the terminal.  Whole sentences and rules from the helper are made safe for the terminal here.  Single values
 * from outside go through divert_escape(), which also quotes and shortens them.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  DIVERT_PRINTABLE_LINE,  /* one line: line ends are replaced too */
  DIVERT_PRINTABLE_TEXT,  /* several lines */
} DivertPrintable;

/* @text with everything that could steer a terminal (control and format
 * characters, invalid UTF-8) replaced by '?'. */
char *divert_printable (const char *text, DivertPrintable kind);
/* The number of columns that @text takes on a terminal.  A CJK character takes two. */
guint divert_display_width (const char *text);

G_END_DECLS
