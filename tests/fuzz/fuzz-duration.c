/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Durations, modes as people type them, and modes as they are saved. */
#include "core/place/mode.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data,
                        size_t         size)
{
  g_autofree char *text = fuzz_string (data, size);
  g_autoptr(DivertMode) typed = divert_mode_parse (text);
  g_autoptr(DivertMode) kept = divert_mode_from_text ((const char *) data, size);
  guint64 seconds = 0;

  if (divert_duration_parse (text, &seconds))
    g_assert_true (seconds > 0 && seconds <= 365 * 24 * 60 * 60);
  else
    g_assert_cmpuint (seconds, ==, 0);

  if (typed != NULL)
    g_assert_cmpstr (divert_mode_get_name (typed), ==, text);

  if (kept != NULL)
    {
      g_autofree char *written = divert_mode_to_text (kept);
      g_autoptr(DivertMode) again = divert_mode_from_text (written, strlen (written));

      g_assert_true (again != NULL && divert_mode_equal (kept, again));
    }
  return 0;
}
