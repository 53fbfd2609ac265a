/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every class of packet that this machine can send walks through the ruleset value, in every state that a stranger can
 * choose, at every place. core/ruleset/invariants.c has what must hold, and invariants-walk.c the packets, because
 * debug builds of the helper use them too.
 */
#include "judging-site.h"

/* Under a sanitizer or an emulator each walk takes many times as long, and few of them show what all would show there.
 * So it is some packets to each address, unless "-m slow" wants all of them. */
#define N_TURNS 40
#define BUDGET 500

static guint
walk (const Site *site,
      Faults     *faults)
{
  guint n_walks = 0;

  if (g_test_slow ())
    return check (site, 0, 0, faults);
  for (guint turn = 0; turn < N_TURNS; turn++)
    n_walks += check (site, BUDGET, turn, faults);
  return n_walks;
}

static void
walk_all (const Keys      *keys,
          DivertPlaceKind  place)
{
  Site *site = make_site (keys, place);
  Faults faults;
  guint n_walks;

  init_faults (&faults);
  n_walks = walk (site, &faults);
  g_test_message ("%s: %u walks, %u faults", divert_decision_get_place (site->decision), n_walks, faults.n);
  g_assert_cmpuint (n_walks, >, g_test_slow () ? 500000 : 50000);
  g_assert_cmpuint (faults.n, ==, 0);
  clear_faults (&faults);
  site_free (site);
}

static void
test_all (gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (site_places); i++)
    walk_all (data, site_places[i]);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < n_site_cases; i++)
    g_test_add_data_func (site_cases[i].path, &site_cases[i].keys, test_all);
  return g_test_run ();
}
