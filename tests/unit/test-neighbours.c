/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When it is a surprise that a host shows another link-layer address. */
#include "system/sources/kernel/neighbours.h"

#include <linux/neighbour.h>

#define HOME 3
#define OTHER 4
#define NAS "192.168.22.2"
#define MAC_A "02:00:00:00:00:0a"
#define MAC_B "02:00:00:00:00:0b"
#define MAC_C "02:00:00:00:00:0c"

static gint64 now = 1;

static void
trust (DivertNeighbours *neighbours,
       guint             ifindex)
{
  g_autoptr(GArray) ifindexes = g_array_new (FALSE, FALSE, sizeof (guint));

  if (ifindex != 0)
    g_array_append_val (ifindexes, ifindex);
  divert_neighbours_trust (neighbours, ifindexes, now);
}

static gboolean
see_on (DivertNeighbours *neighbours,
        guint             ifindex,
        const char       *address,
        guint             state,
        const char       *mac)
{
  DivertNeighbour neighbour = { .ifindex = ifindex, .state = state, .has_mac = mac != NULL };

  g_assert_true (divert_address_parse (address, &neighbour.address, NULL));
  g_assert_true (mac == NULL || divert_mac_parse (mac, &neighbour.mac));
  return divert_neighbours_see (neighbours, &neighbour, now);
}

static gboolean
see (DivertNeighbours *neighbours,
     guint             state,
     const char       *mac)
{
  return see_on (neighbours, HOME, NAS, state, mac);
}

static void
test_surprise (void)
{
  DivertNeighbours *neighbours = divert_neighbours_new ();

  trust (neighbours, HOME);
  g_assert_false (see (neighbours, NUD_REACHABLE, MAC_A));
  g_assert_false (see (neighbours, NUD_REACHABLE, MAC_A));
  g_assert_true (see (neighbours, NUD_STALE, MAC_B));
  /* It is reported once. Then it isn't believed until the network is proven again. */
  g_assert_false (see (neighbours, NUD_REACHABLE, MAC_B));
  trust (neighbours, 0);
  g_assert_false (see (neighbours, NUD_REACHABLE, MAC_B));
  g_assert_false (see (neighbours, NUD_REACHABLE, MAC_A));
  now += G_TIME_SPAN_SECOND;
  trust (neighbours, HOME);
  /* An address that a stranger showed meanwhile is a surprise again. */
  g_assert_true (see (neighbours, NUD_REACHABLE, MAC_B));
  divert_neighbours_free (neighbours);
}

/* A host with two network cards. */
static void
test_in_turn (void)
{
  DivertNeighbours *neighbours = divert_neighbours_new ();

  trust (neighbours, HOME);
  g_assert_false (see (neighbours, NUD_REACHABLE, MAC_A));
  g_assert_true (see (neighbours, NUD_REACHABLE, MAC_B));
  trust (neighbours, HOME);
  for (guint i = 0; i < 10; i++)
    g_assert_false (see (neighbours, NUD_REACHABLE, i % 2 == 0 ? MAC_A : MAC_B));
  g_assert_true (see (neighbours, NUD_REACHABLE, MAC_C));
  divert_neighbours_free (neighbours);
}

static void
test_no_surprise (void)
{
  DivertNeighbours *neighbours = divert_neighbours_new ();

  trust (neighbours, HOME);
  /* Nobody talks to this host. */
  g_assert_false (see (neighbours, NUD_STALE, MAC_A));
  g_assert_false (see (neighbours, NUD_STALE, MAC_B));
  /* An administrator made this entry, or it has no address. */
  g_assert_false (see (neighbours, NUD_REACHABLE, MAC_B));
  g_assert_false (see (neighbours, NUD_PERMANENT, MAC_C));
  g_assert_false (see (neighbours, NUD_FAILED, NULL));
  g_assert_false (see (neighbours, 0, NULL));
  /* This is on another link. */
  g_assert_false (see_on (neighbours, OTHER, NAS, NUD_REACHABLE, MAC_A));
  g_assert_false (see_on (neighbours, OTHER, NAS, NUD_REACHABLE, MAC_B));
  /* This is another host. */
  g_assert_false (see_on (neighbours, HOME, "192.168.22.3", NUD_REACHABLE, MAC_C));
  divert_neighbours_free (neighbours);
}

static void
test_many (void)
{
  DivertNeighbours *neighbours = divert_neighbours_new ();

  trust (neighbours, HOME);
  g_assert_false (see (neighbours, NUD_REACHABLE, MAC_A));
  for (guint i = 0; i < 100000; i++)
    {
      g_autofree char *address = g_strdup_printf ("fd00:22::%x:%x", i >> 16, i & 0xffff);

      /* We talk to each of them at most once. */
      g_assert_false (see_on (neighbours, HOME, address, i % 2 == 0 ? NUD_REACHABLE : NUD_STALE, MAC_B));
      g_assert_false (see_on (neighbours, HOME, address, NUD_STALE, MAC_B));
      g_assert_false (see_on (neighbours, OTHER, address, NUD_REACHABLE, MAC_B));
    }
  /* A host that this machine talks to isn't forgotten because of them. */
  g_assert_true (see (neighbours, NUD_STALE, MAC_B));
  divert_neighbours_free (neighbours);
}

/* There are more hosts than there is room for, and this machine talks to all of them. So nobody knows any more, and the
 * gateway has to be asked. */
static void
test_many_in_use (void)
{
  DivertNeighbours *neighbours = divert_neighbours_new ();
  guint n_surprises = 0, first = 0;

  trust (neighbours, HOME);
  g_assert_false (see (neighbours, NUD_REACHABLE, MAC_A));
  for (guint i = 0; i < 5000; i++)
    {
      g_autofree char *address = g_strdup_printf ("fd00:22::%x", i);

      if (!see_on (neighbours, HOME, address, NUD_REACHABLE, MAC_B))
        continue;
      first = n_surprises++ == 0 ? i : first;
      trust (neighbours, HOME);
    }
  g_assert_cmpuint (first, ==, 4095);
  g_assert_cmpuint (n_surprises, ==, 5000 - 4095);
  divert_neighbours_free (neighbours);
}

/* Which hosts need not be heard: their last bytes, those heard of last first. */
static void
expect_quiet (const DivertNeighbours *neighbours,
              guint                   max,
              const char             *expected)
{
  g_autoptr(GArray) quiet = g_array_new (FALSE, FALSE, sizeof (DivertNeighbour));
  g_autoptr(GString) found = g_string_new (NULL);

  divert_neighbours_add_quiet (neighbours, quiet, max);
  for (guint i = 0; i < quiet->len; i++)
    {
      const DivertNeighbour *host = &g_array_index (quiet, DivertNeighbour, i);

      g_assert_cmpuint (host->ifindex, ==, HOME);
      g_assert_true (host->has_mac);
      g_assert_cmphex (host->state, ==, NUD_REACHABLE | NUD_DELAY | NUD_PROBE | NUD_STALE);
      g_string_append_printf (found, "%u %02x;", host->address.bytes[3], host->mac.bytes[5]);
    }
  g_assert_cmpstr (found->str, ==, expected);
}

static void
test_quiet (void)
{
  DivertNeighbours *neighbours = divert_neighbours_new ();

  expect_quiet (neighbours, 9, "");
  trust (neighbours, HOME);
  see (neighbours, NUD_REACHABLE, MAC_A);
  see_on (neighbours, HOME, "192.168.22.3", NUD_STALE, MAC_B);
  see_on (neighbours, OTHER, "192.168.22.4", NUD_REACHABLE, MAC_B);
  expect_quiet (neighbours, 9, "3 0b;2 0a;");
  expect_quiet (neighbours, 1, "3 0b;");
  /* Who shows another address is heard, and so is everybody on a link that is not trusted. */
  g_assert_true (see (neighbours, NUD_REACHABLE, MAC_C));
  expect_quiet (neighbours, 9, "");
  now += G_TIME_SPAN_HOUR;
  trust (neighbours, HOME);
  expect_quiet (neighbours, 9, "3 0b;");
  /* Until it shows one that it has shown before. */
  g_assert_false (see (neighbours, NUD_STALE, MAC_A));
  expect_quiet (neighbours, 9, "2 0a;3 0b;");
  divert_neighbours_free (neighbours);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/neighbours/surprise", test_surprise);
  g_test_add_func ("/neighbours/in-turn", test_in_turn);
  g_test_add_func ("/neighbours/no-surprise", test_no_surprise);
  g_test_add_func ("/neighbours/many", test_many);
  g_test_add_func ("/neighbours/many-in-use", test_many_in_use);
  g_test_add_func ("/neighbours/quiet", test_quiet);
  return g_test_run ();
}
