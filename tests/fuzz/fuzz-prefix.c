/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prefixes, link-layer addresses and escaping. Everything that is accepted has one canonical text. */
#include "core/words/escape.h"
#include "core/words/mac.h"
#include "core/words/prefix.h"
#include "fuzz.h"

static void
check_prefix (const char *text)
{
  DivertPrefix prefix, again, network;
  g_autofree char *canonical = NULL;
  g_autoptr(GArray) list = divert_prefixes_new ();
  g_autoptr(GArray) merged = NULL;

  if (!divert_prefix_parse_interface (text, &prefix, NULL))
    {
      g_assert_false (divert_prefix_parse (text, &prefix, NULL));
      return;
    }
  canonical = divert_prefix_to_cidr (&prefix);
  g_assert_cmpuint (strlen (canonical), <, DIVERT_PREFIX_STRLEN);
  g_assert_true (divert_prefix_parse_interface (canonical, &again, NULL) && divert_prefix_equal (&prefix, &again));

  network = divert_prefix_network (&prefix);
  g_assert_cmpint (divert_prefix_parse (text, &again, NULL), ==, divert_prefix_equal (&prefix, &network));
  g_assert_true (divert_prefix_contains (&network, &prefix));

  divert_prefixes_add (list, &prefix);
  divert_prefixes_add (list, &network);
  merged = divert_prefixes_merge (list);
  g_assert_true (merged->len == 1 && divert_prefix_equal (divert_prefixes_index (merged, 0), &network));
}

static void
check_mac (const char *text)
{
  DivertMac mac, again;
  g_autofree char *canonical = NULL;

  if (!divert_mac_parse (text, &mac))
    return;
  canonical = divert_mac_to_string (&mac);
  g_assert_true (divert_mac_parse (canonical, &again) && divert_mac_equal (&mac, &again));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data,
                        size_t         size)
{
  g_autofree char *text = fuzz_string (data, size);
  g_autofree char *escaped = divert_escape (text);
  g_autoptr(GError) error = NULL;
  DivertPrefix prefix;

  g_assert_true (g_utf8_validate (escaped, -1, NULL));
  for (const char *p = escaped; *p != '\0'; p++)
    g_assert_false (g_ascii_iscntrl (*p));
  if (!divert_prefix_parse (text, &prefix, &error))
    g_assert_true (g_utf8_validate (error->message, -1, NULL));
  check_prefix (text);
  check_mac (text);
  return 0;
}
