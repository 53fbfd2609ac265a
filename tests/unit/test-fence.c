/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fence as a value.  The results for whole configurations are in tests/golden.  This file tests what needs more
 * than one of them.
 */
#include "core/ruleset/fence.h"

#include <string.h>

#include "core/ruleset/ruleset.h"
#include "values.h"

static const char two_sites[] =
  "[proxy]\ngroup=1\n"
  "[site home]\nintranet=192.168.22.0/24;fd00:22::/64\nzone=home\n"
  "[site office]\nintranet=10.20.0.0/16\nzone=work\n";

/* @place, with the prefixes @direct (NULL: none). */
static DivertFence *
make_fence (const char      *config_text,
            DivertPlaceKind  place,
            const char      *direct)
{
  g_autoptr(DivertConfig) config = test_config_new (config_text);
  g_autoptr(DivertMode) mode = divert_mode_new (DIVERT_MODE_AUTO, NULL);
  g_autoptr(DivertFacts) facts = divert_facts_new ();
  g_autoptr(DivertDecision) decision = divert_decide (config, mode, facts);

  decision->place = place;
  if (direct != NULL)
    test_prefixes_add (decision->direct, direct);
  return divert_fence_new (config, decision, facts);
}

static void
assert_is (const DivertFence *fence,
           const char        *panels,
           const char        *gates)
{
  g_autofree char *panels_text = divert_prefixes_to_string (fence->panels);
  g_autofree char *gates_text = divert_prefixes_to_string (fence->gates);

  g_assert_cmpstr (panels_text, ==, panels);
  g_assert_cmpstr (gates_text, ==, gates);
}

static void
test_places (void)
{
  g_autoptr(DivertFence) off = make_fence (two_sites, DIVERT_PLACE_OFF, NULL);
  g_autoptr(DivertFence) away = make_fence (two_sites, DIVERT_PLACE_AWAY, NULL);
  g_autoptr(DivertFence) home = make_fence (two_sites, DIVERT_PLACE_SITE, "192.168.22.0/24");
  g_autoptr(DivertFence) held = make_fence (two_sites, DIVERT_PLACE_HELD, "192.168.22.0/24");
  g_autofree char *text = divert_fence_to_text (off);

  g_assert_cmpstr (text, ==, "");
  g_assert_cmpint (off->families, ==, DIVERT_FAMILIES_NONE);
  assert_is (away, "10.20.0.0/16;192.168.22.0/24;fd00:22::/64", "");
  assert_is (home, "10.20.0.0/16;192.168.22.0/24;fd00:22::/64", "192.168.22.0/24");
  g_assert_true (divert_fence_equal (held, away));
}

/* There may be thousands of prefixes, and fences and rulesets that are kept have them all. */
static void
test_shared (void)
{
  g_autoptr(DivertConfig) config = test_config_new (two_sites);
  g_autoptr(DivertMode) mode = divert_mode_new (DIVERT_MODE_AUTO, NULL);
  g_autoptr(DivertFacts) facts = divert_facts_new ();
  g_autoptr(DivertDecision) decision = divert_decide (config, mode, facts);
  g_autoptr(DivertFence) away = divert_fence_new (config, decision, facts), home = NULL, learned = NULL;

  decision->place = DIVERT_PLACE_SITE;
  test_prefixes_add (decision->direct, "192.168.22.0/24");
  home = divert_fence_new (config, decision, facts);
  g_assert_true (home->panels == away->panels);
  test_prefixes_add (facts->former, "2001:db8::/64");
  learned = divert_fence_new (config, decision, facts);
  assert_is (learned, "10.20.0.0/16;192.168.22.0/24;2001:db8::/64;fd00:22::/64", "192.168.22.0/24");
  assert_is (away, "10.20.0.0/16;192.168.22.0/24;fd00:22::/64", "");
}

/* While the internet is granted, or held in doubt, it has panels, too; and gates while it is granted. */
static void
test_outer (void)
{
  static const char config[] = "[proxy]\ngroup=1\n[divert]\nipv6=false\n"
                               "[site home]\nintranet=192.168.22.0/24\nzone=home\ninternet=direct\n";
  static const DivertPlaceKind places[] = { DIVERT_PLACE_AWAY, DIVERT_PLACE_SITE, DIVERT_PLACE_HELD };

  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_autoptr(DivertConfig) parsed = test_config_new (config);
      g_autoptr(DivertMode) mode = divert_mode_new (DIVERT_MODE_AUTO, NULL);
      g_autoptr(DivertFacts) facts = divert_facts_new ();
      g_autoptr(DivertDecision) decision = divert_decide (parsed, mode, facts);
      g_autoptr(DivertFence) fence = NULL;

      decision->place = places[i];
      decision->internet = places[i] != DIVERT_PLACE_AWAY;
      test_prefixes_add (decision->direct, "192.168.22.0/24");
      fence = divert_fence_new (parsed, decision, facts);
      assert_is (fence, decision->internet ? "0.0.0.0/1;128.0.0.0/1;192.168.22.0/24" : "192.168.22.0/24",
                 places[i] == DIVERT_PLACE_SITE ? "0.0.0.0/1;128.0.0.0/1;192.168.22.0/24" : "");
      g_assert_cmpint (divert_fence_is_outer (fence, divert_prefixes_index (fence->panels, 0)), ==, decision->internet);
    }
}

/* Prefixes that auto6 grants are an intranet as well, even if no list contains them. */
static void
test_auto6 (void)
{
  g_autoptr(DivertFence) home = make_fence (two_sites, DIVERT_PLACE_SITE, "2001:db8:22::/64");
  g_autoptr(DivertFence) held = make_fence (two_sites, DIVERT_PLACE_HELD, "2001:db8:22::/64");

  assert_is (home, "10.20.0.0/16;192.168.22.0/24;2001:db8:22::/64;fd00:22::/64", "2001:db8:22::/64");
  assert_is (held, "10.20.0.0/16;192.168.22.0/24;2001:db8:22::/64;fd00:22::/64", "");
}

/* The table must not be one that the kernel uses for itself. */
static void
test_table (void)
{
  static const struct
  {
    const char *mark_table;
    guint32     table;
  } cases[] = { { "2233", 2234 }, { "1", 2 }, { "252", 256 }, { "4294967295", 1 } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = g_strdup_printf ("%s[divert]\ntable=%s\n", two_sites, cases[i].mark_table);
      g_autoptr(DivertFence) fence = make_fence (text, DIVERT_PLACE_AWAY, NULL);

      g_assert_cmpuint (fence->table, ==, cases[i].table);
    }
}

/* The mark that passes the fence is never the diversion's mark, and never 0. */
static void
test_mark (void)
{
  g_autoptr(DivertFence) usual = make_fence (two_sites, DIVERT_PLACE_AWAY, NULL);
  g_autofree char *text = g_strconcat (two_sites, "[divert]\nmark=0x10\nmask=0x10\n", NULL);
  g_autoptr(DivertFence) no_room = make_fence (text, DIVERT_PLACE_AWAY, NULL);
  g_autofree char *no_room_text = divert_fence_to_text (no_room);

  g_assert_cmphex (usual->mark & usual->mask, ==, usual->mark);
  g_assert_cmphex (usual->mark, !=, 0);
  g_assert_cmphex (usual->mark, !=, 23);
  g_assert_cmphex (no_room->mark, ==, 0);
  g_assert_null (strstr (no_room_text, "fwmark"));
}

static void
test_equal (void)
{
  g_autoptr(DivertFence) a = make_fence (two_sites, DIVERT_PLACE_SITE, "192.168.22.0/24");
  g_autoptr(DivertFence) b = make_fence (two_sites, DIVERT_PLACE_SITE, "192.168.22.0/24");
  g_autoptr(DivertFence) away = make_fence (two_sites, DIVERT_PLACE_AWAY, NULL);

  g_assert_true (divert_fence_equal (a, b));
  g_assert_false (divert_fence_equal (a, away));
  b->table++;
  g_assert_false (divert_fence_equal (a, b));
  b->table--;
  b->mark++;
  g_assert_false (divert_fence_equal (a, b));
  b->mark--;
  test_prefixes_add (b->panels, "10.0.0.0/8");
  g_assert_false (divert_fence_equal (a, b));
}

static void
add_route (DivertFacts *facts,
           const char  *destination,
           guint        ifindex)
{
  DivertRoute route = { .ifindex = ifindex };

  g_assert_true (divert_prefix_parse (destination, &route.destination, NULL));
  g_array_append_val (facts->routes, route);
}

/* Where no filter names the device, nothing is granted that another one may have a route for. */
static void
test_unfiltered (void)
{
  static const char config[] = "[proxy]\ngroup=1\n[site home]\nintranet=192.168.22.0/24;fd00:22::/64\nzone=home\n";
  static const struct
  {
    const char    *destination; /* of a route … */
    guint          ifindex;     /* … by this device; 2 has proved the site */
    DivertFamilies filtered;
    const char    *gates;
  } cases[] = {
    { "192.168.22.2/32", 3, DIVERT_FAMILIES_BOTH, "192.168.22.0/24;fd00:22::/64" },
    { "192.168.22.2/32", 2, DIVERT_FAMILIES_NONE, "192.168.22.0/24;fd00:22::/64" },
    { "192.168.22.2/32", 0, DIVERT_FAMILIES_NONE, "192.168.22.0/24;fd00:22::/64" },
    { "192.168.22.2/32", 3, DIVERT_FAMILIES_NONE, "fd00:22::/64" },
    { "192.168.0.0/16", 3, DIVERT_FAMILIES_IPV6, "fd00:22::/64" },
    { "192.168.22.2/32", 3, DIVERT_FAMILIES_IPV4, "192.168.22.0/24;fd00:22::/64" },
    { "fd00:22::2/128", 3, DIVERT_FAMILIES_IPV4, "192.168.22.0/24" },
    { "192.168.23.0/24", 3, DIVERT_FAMILIES_NONE, "192.168.22.0/24;fd00:22::/64" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(DivertConfig) parsed = test_config_new (config);
      g_autoptr(DivertMode) mode = divert_mode_new (DIVERT_MODE_AUTO, NULL);
      g_autoptr(DivertFacts) facts = divert_facts_new ();
      g_autoptr(DivertDecision) decision = divert_decide (parsed, mode, facts);
      DivertExit *way_out = g_new0 (DivertExit, 1);
      g_autoptr(DivertFence) fence = NULL;

      way_out->device = g_strdup ("wlan0");
      way_out->ifindex = 2;
      way_out->sources = divert_prefixes_new ();
      g_ptr_array_add (decision->exits, way_out);
      decision->place = DIVERT_PLACE_SITE;
      test_prefixes_add (decision->direct, "192.168.22.0/24");
      test_prefixes_add (decision->direct, "fd00:22::/64");
      add_route (facts, cases[i].destination, cases[i].ifindex);
      fence = divert_fence_new (parsed, decision, facts);
      divert_fence_shut_unfiltered (fence, cases[i].filtered, parsed, decision, facts);
      assert_is (fence, "192.168.22.0/24;fd00:22::/64", cases[i].gates);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fence/places", test_places);
  g_test_add_func ("/fence/shared", test_shared);
  g_test_add_func ("/fence/outer", test_outer);
  g_test_add_func ("/fence/auto6", test_auto6);
  g_test_add_func ("/fence/table", test_table);
  g_test_add_func ("/fence/mark", test_mark);
  g_test_add_func ("/fence/equal", test_equal);
  g_test_add_func ("/fence/unfiltered", test_unfiltered);
  return g_test_run ();
}
