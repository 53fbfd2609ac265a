/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets as people type them for explain, sent through a ruleset. */
#include "core/ruleset/explain.h"
#include "fuzz.h"

static DivertRuleset *
make_ruleset (void)
{
  static const char text[] = "[site home]\nintranet=192.168.22.0/24;fd00:22::/64\nzone=home\n";
  g_autoptr(DivertConfig) config = divert_config_new ();
  g_autoptr(DivertMode) mode = divert_mode_new (DIVERT_MODE_AWAY, NULL);
  g_autoptr(DivertFacts) facts = divert_facts_new ();
  g_autoptr(DivertDecision) decision = NULL;

  if (!divert_config_add (config, "f", text, strlen (text), NULL))
    g_assert_not_reached ();
  decision = divert_decide (config, mode, facts);
  return divert_ruleset_new (config, decision, 23333, facts);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data,
                        size_t         size)
{
  static DivertRuleset *ruleset;
  g_autofree char *text = fuzz_string (data, size);
  g_autoptr(GError) error = NULL;
  DivertPacket packet = { 0 };
  DivertExplanation explanation;

  if (ruleset == NULL)
    ruleset = make_ruleset ();
  if (!divert_packet_parse (text, &packet, &error))
    {
      g_assert_true (g_utf8_validate (error->message, -1, NULL) && strpbrk (error->message, "\n\r\x1b") == NULL);
      return 0;
    }
  g_assert_cmpuint (packet.destination.length, ==, divert_family_bits (packet.destination.family));
  divert_explain (ruleset, &packet, &explanation);
  g_assert_nonnull (divert_path_name (explanation.path));
  return 0;
}
