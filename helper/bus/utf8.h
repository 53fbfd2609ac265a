/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text from outside in D-Bus strings, which must be UTF-8.  An SSID, a profile's name, or the name of a device, a table
 * or a program need not be.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A floating string.  What isn't UTF-8 is replaced.  @text: NULL is "". */
GVariant *divert_utf8_new (const char *text);

G_END_DECLS
