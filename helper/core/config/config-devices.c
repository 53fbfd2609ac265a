/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: lists of the names of devices, parsed and formatted.  The kernel allows any byte in a name
 * except NUL, '/', ':' and blanks.
 */
#include "config-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define DEVICE_NAME_MAX 15

static gboolean
is_name (const char *bytes,
         gsize       size)
{
  for (gsize i = 0; i < size; i++)
    if (bytes[i] == '\0' || strchr ("/: \t\n\v\f\r", bytes[i]) != NULL)
      return FALSE;
  return size > 0 && size <= DEVICE_NAME_MAX;
}

static gboolean
parse_devices (const char  *value,
               void        *field,
               GError     **error)
{
  g_autoptr(GPtrArray) items = divert_config_split_bytes (value, DIVERT_CONFIG_MAX_ITEMS, error);
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; items != NULL && i < items->len; i++)
    {
      gsize size;
      const char *bytes = g_bytes_get_data (g_ptr_array_index (items, i), &size);

      if (!is_name (bytes, size))
        {
          g_autofree char *shown = divert_config_escape_bytes (g_ptr_array_index (items, i));

          return divert_config_refuse (DIVERT_CONFIG_ERROR_VALUE, _("not the name of a device"), shown, error);
        }
      g_ptr_array_add (names, g_strndup (bytes, size));
    }
  if (items == NULL)
    return FALSE;
  g_ptr_array_unref (*(GPtrArray **) field);
  *(GPtrArray **) field = g_steal_pointer (&names);
  return TRUE;
}

static char *
format_devices (const void *field)
{
  const GPtrArray *names = *(GPtrArray *const *) field;
  g_autoptr(GString) value = g_string_new (NULL);

  for (guint i = 0; i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);
      g_autoptr(GBytes) bytes = g_bytes_new_static (name, strlen (name));
      g_autofree char *escaped = divert_config_escape_bytes (bytes);

      g_string_append_printf (value, "%s;", escaped);
    }
  return names->len > 0 ? g_string_free (g_steal_pointer (&value), FALSE) : NULL;
}

const DivertConfigKind divert_config_devices = { parse_devices, format_devices };
