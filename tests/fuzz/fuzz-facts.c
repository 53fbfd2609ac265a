/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts survive their text form, and any facts lead to a decision and a ruleset. */
#include "core/place/decision.h"
#include "core/ruleset/ruleset.h"
#include "fuzz.h"
#include "system/filter/iptables/iptables-text.h"

static const char config_text[] =
  "[site home]\n"
  "intranet=192.168.22.0/24;fd00:22::/64;auto6\n"
  "connection-uuid=6b0c0d7c-0000-4000-8000-000000000001\n"
  "zone=home\n"
  "gateway-mac=02:00:00:00:00:01\n"
  "ssid=Home\n"
  "bssid=02:00:00:00:00:0b\n"
  "security=wpa-psk\n"
  "beacon=tls://192.168.22.1:443 sha256:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
  "[site office]\n"
  "intranet=10.1.0.0/16\n"
  "zone=office;home\n";

static void
decide (const DivertFacts *facts)
{
  static const char *const modes[] = { "auto", "away", "off", "home", "nowhere" };
  g_autoptr(DivertConfig) config = divert_config_new ();

  if (!divert_config_add (config, "f", config_text, strlen (config_text), NULL))
    g_assert_not_reached ();
  for (gsize i = 0; i < G_N_ELEMENTS (modes); i++)
    {
      g_autoptr(DivertMode) mode = divert_mode_parse (modes[i]);
      g_autoptr(DivertDecision) decision = divert_decide (config, mode, facts);
      g_autoptr(DivertRuleset) ruleset = divert_ruleset_new (config, decision, 23333, facts);
      g_autofree char *reason = divert_reason_to_text (decision->reason, NULL);
      g_autofree char *text = divert_decision_to_text (decision);
      g_autofree char *rules = divert_ruleset_to_text (ruleset);
      g_autofree char *iptables = divert_xt_to_text (ruleset);

      /* The sentence that logs and terminals get. */
      g_assert_true (g_utf8_validate (reason, -1, NULL) && strpbrk (reason, "\n\r\x1b") == NULL);
      g_assert_true (text[0] != '\0' && rules != NULL && iptables[0] != '\0');
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data,
                        size_t         size)
{
  g_autoptr(DivertFacts) facts = divert_facts_from_text ((const char *) data, size, NULL);
  g_autoptr(DivertFacts) again = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *text = NULL, *text_again = NULL, *network = NULL;

  if (facts == NULL)
    return 0;
  text = divert_facts_to_text (facts);
  again = divert_facts_from_text (text, strlen (text), &error);
  g_assert_no_error (error);
  text_again = divert_facts_to_text (again);
  g_assert_cmpstr (text, ==, text_again);
  network = divert_facts_network (facts);
  decide (facts);
  return 0;
}
