/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whole sentences and rules from the helper, made safe for a terminal.  Single values
 * from outside go through divert_escape(), which also quotes and shortens them.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  DIVERT_PRINTABLE_LINE,  /* one line: line ends are replaced too */
  DIVERT_PRINTABLE_TEXT,  /* several */
} DivertPrintable;

/* @text with everything that could steer a terminal (control and format
 * characters, invalid UTF-8) replaced by '?'. */
char *divert_printable (const char *text, DivertPrintable kind);

G_END_DECLS
