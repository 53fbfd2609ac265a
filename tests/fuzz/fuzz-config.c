/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An accepted configuration can be written, read again, and is the same. GKeyFile reads it the same way. */
#include "core/config/config-private.h"
#include "fuzz.h"

static DivertConfig *
parse (const char *text,
       gsize       size)
{
  g_autoptr(DivertConfig) config = divert_config_new ();
  g_autoptr(GError) error = NULL;

  if (divert_config_add (config, "f", text, size, &error) && divert_config_finish (config, &error))
    return g_steal_pointer (&config);
  /* The message is one line of valid text, whatever the input is. */
  g_assert_true (error != NULL && g_str_has_prefix (error->message, "f:"));
  g_assert_true (g_utf8_validate (error->message, -1, NULL) && strpbrk (error->message, "\n\r\x1b") == NULL);
  return NULL;
}

static void
compare_with_key_file (const char *text,
                       gsize       size)
{
  g_autoptr(GKeyFile) file = g_key_file_new ();
  g_autoptr(GError) error = NULL;
  g_auto(DivertConfigReader) reader = { 0 };

  divert_config_reader_init (&reader, text, size);
  g_key_file_load_from_data (file, text, size, G_KEY_FILE_NONE, &error);
  g_assert_no_error (error);
  while (divert_config_reader_next (&reader, NULL))
    if (reader.key != NULL)
      {
        g_autofree char *value = g_key_file_get_value (file, reader.group, reader.key, NULL);

        g_assert_cmpstr (g_strchomp (value), ==, reader.value);
      }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data,
                        size_t         size)
{
  g_autoptr(DivertConfig) config = parse ((const char *) data, size);
  g_autoptr(DivertConfig) again = NULL;
  g_autofree char *text = NULL;

  if (config == NULL)
    return 0;
  compare_with_key_file ((const char *) data, size);
  text = divert_config_to_text (config);
  again = parse (text, strlen (text));
  g_assert_true (again != NULL && divert_config_equal (config, again));
  return 0;
}
