/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: text from outside in D-Bus strings.
 */
#include "utf8.h"

GVariant *
divert_utf8_new (const char *text)
{
  return g_variant_new_take_string (g_utf8_make_valid (text != NULL ? text : "", -1));
}
