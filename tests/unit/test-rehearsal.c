/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A debug build walks packets through each ruleset before it is laid, and aborts if it is broken. */
#include "run/rehearsal.h"

#include <string.h>
#include <time.h>

/* At least so many commits until all packets have been walked. */
#define TURNS 100

static const char config_text[] = "[proxy]\ngroup=1\n[site home]\nintranet=192.168.22.0/24;fd00:22::/64\nzone=home\n";

typedef struct
{
  DivertConfig   *config;
  DivertFacts    *facts;
  DivertDecision *decision;
  DivertRuleset  *ruleset;
} Fixture;

static void
set_up (Fixture       *f,
        gconstpointer  user_data)
{
  g_autoptr(DivertMode) mode = divert_mode_new (DIVERT_MODE_AWAY, NULL);

  f->config = divert_config_new ();
  g_assert_true (divert_config_add (f->config, "config", config_text, strlen (config_text), NULL));
  f->facts = divert_facts_new ();
  f->decision = divert_decide (f->config, mode, f->facts);
  f->ruleset = divert_ruleset_new (f->config, f->decision, 1, f->facts);
}

static void
tear_down (Fixture       *f,
           gconstpointer  user_data)
{
  divert_ruleset_unref (f->ruleset);
  divert_decision_free (f->decision);
  divert_facts_free (f->facts);
  divert_config_free (f->config);
}

static void
test_whole (Fixture       *f,
            gconstpointer  user_data)
{
  const clock_t start = clock ();

  for (guint i = 0; i < TURNS; i++)
    divert_rehearse (f->ruleset, f->config, f->decision, f->facts, 1);
  g_test_message ("%.1f ms of processor time for each", (clock () - start) * 1000.0 / CLOCKS_PER_SEC / TURNS);
}

/* A rule that lets one kind of packet out. */
static void
test_broken (Fixture       *f,
             gconstpointer  user_data)
{
  if (g_test_subprocess ())
    {
      DivertRule *rule = divert_rule_new (DIVERT_HOOK_OUTPUT, DIVERT_FAMILIES_IPV4);

      rule->protocols = DIVERT_PROTOCOL_UDP;
      rule->dport = 443;
      g_ptr_array_insert (f->ruleset->rules, 0, rule);
      for (guint i = 0; i < TURNS; i++)
        divert_rehearse (f->ruleset, f->config, f->decision, f->facts, 1);
      return;
    }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr ("*breaks the invariant '*': away,*protocol 17 *>443 *");
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/rehearsal/whole", Fixture, NULL, set_up, test_whole, tear_down);
  g_test_add ("/rehearsal/broken", Fixture, NULL, set_up, test_broken, tear_down);
  return g_test_run ();
}
