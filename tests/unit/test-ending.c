/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which flows end, if there are several reasons at once, or one comes before the flows of another have ended.
 */
#include "run/ending.h"

#include "values.h"

/* What is spared is the same for all: the prefixes of bypass=, unless it is another family's. */
#define CONFIG(group, ipv6) \
  "[proxy]\ngroup=" group "\n[divert]\nipv6=" ipv6 "\nbypass=198.51.100.0/24;2001:db8::/32\n"

static DivertDecision *
decide_away (const DivertConfig *config)
{
  g_autoptr(DivertFacts) facts = divert_facts_new ();
  g_autoptr(DivertMode) mode = divert_mode_new (DIVERT_MODE_AWAY, NULL);

  return divert_decide (config, mode, facts);
}

/* Away before and after. */
static DivertEnding *
reload (const char *text_before,
        const char *text,
        guint32     gid_before,
        guint32     gid)
{
  g_autoptr(DivertConfig) config_before = test_config_new (text_before), config = test_config_new (text);
  g_autoptr(DivertDecision) before = decide_away (config_before), now = decide_away (config);
  g_autoptr(GArray) former = divert_prefixes_new ();
  const DivertCrossing crossing = {
    .before = before, .now = now, .former = former, .config_before = config_before, .gid_before = gid_before,
  };

  return divert_ending_new (config, &crossing, gid);
}

/* The resolver on the DNS port has begun to ask itself, or no longer does: DNS ends at another port, and nothing else
 * changes. */
static void
test_circular (void)
{
  g_autoptr(DivertConfig) config = test_config_new (CONFIG ("1", "true"));
  g_autoptr(DivertDecision) away = decide_away (config);
  g_autoptr(GArray) former = divert_prefixes_new ();
  DivertCrossing crossing = { .before = away, .now = away, .former = former };
  DivertEnding *ending;

  g_assert_null (divert_ending_new (config, &crossing, 1));
  crossing.circular = TRUE;
  ending = divert_ending_new (config, &crossing, 1);
  g_assert_nonnull (ending);
  g_assert_true (ending->dns);
  g_assert_false (ending->names);
  g_assert_null (ending->exempt);
  divert_ending_free (ending);
}

static void
assert_exempt (const DivertEnding *ending,
               const char         *expected)
{
  g_autofree char *exempt = NULL;

  g_assert_nonnull (ending->exempt);
  exempt = divert_prefixes_to_string (ending->exempt);
  g_assert_cmpstr (exempt, ==, expected);
  g_assert_false (ending->judged_stay);
  g_assert_false (ending->only_diverted);
}

static void
test_one_reason (void)
{
  DivertEnding *group = reload (CONFIG ("1", "true"), CONFIG ("2", "true"), 1, 2),
               *family = reload (CONFIG ("1", "true"), CONFIG ("1", "false"), 1, 1);

  assert_exempt (group, "198.51.100.0/24;2001:db8::/32");
  assert_exempt (family, "0.0.0.0/0");
  divert_ending_free (group);
  divert_ending_free (family);
}

/* The former proxy's flows end in both families. */
static void
test_two_reasons (void)
{
  DivertEnding *both = reload (CONFIG ("1", "true"), CONFIG ("2", "false"), 1, 2);

  assert_exempt (both, "198.51.100.0/24");
  divert_ending_free (both);
}

/* Likewise if the second reload comes before the flows of the first have ended. */
static void
test_merged (void)
{
  for (guint first = 0; first < 2; first++)
    {
      DivertEnding *endings[] = {
        reload (CONFIG ("1", "true"), CONFIG ("2", "true"), 1, 2),
        reload (CONFIG ("2", "true"), CONFIG ("2", "false"), 2, 2),
      };

      divert_ending_merge (endings[!first], endings[first]);
      assert_exempt (endings[!first], "198.51.100.0/24");
      divert_ending_free (endings[0]);
      divert_ending_free (endings[1]);
    }
}

/* A reload with no such reason takes nothing from an earlier one. */
static void
test_merged_with_less (void)
{
  for (guint first = 0; first < 2; first++)
    {
      DivertEnding *endings[] = {
        reload (CONFIG ("1", "true"), CONFIG ("2", "true"), 1, 2),
        reload (CONFIG ("2", "true"), CONFIG ("2", "true") "dns-except=192.0.2.53\n", 2, 2),
      };

      g_assert_null (endings[1]->exempt);
      divert_ending_merge (endings[!first], endings[first]);
      assert_exempt (endings[!first], "198.51.100.0/24;2001:db8::/32");
      g_assert_true (endings[!first]->dns);
      divert_ending_free (endings[0]);
      divert_ending_free (endings[1]);
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ending/circular", test_circular);
  g_test_add_func ("/ending/one-reason", test_one_reason);
  g_test_add_func ("/ending/two-reasons", test_two_reasons);
  g_test_add_func ("/ending/merged", test_merged);
  g_test_add_func ("/ending/merged-with-less", test_merged_with_less);
  return g_test_run ();
}
