/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel still tells a socket that has the filter: each change is made by "ip neigh", and the socket must hear
 * of it or not. A message that must not come is followed by one that must, so nothing waits in vain.
 */
#include "families.h"
#include "namespace.h"
#include "system/sources/kernel/neighbour-filter.h"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/netlink.h>
#include <string.h>
#include <sys/socket.h>

#define MAC_A "02:00:00:00:00:0a"
#define MAC_B "02:00:00:00:00:0b"

typedef struct
{
  DivertFamily    family;
  struct nl_sock *sock;
  GArray         *quiet;
  guint           marker; /* the last one */
} Fixture;

static const char *const addresses[DIVERT_N_FAMILIES] = { "192.0.2.1", "2001:db8::1" };
static const char *const others[DIVERT_N_FAMILIES] = { "192.0.2.9", "2001:db8::9" };

static void
add_quiet (Fixture    *f,
           const char *address,
           guint       state)
{
  DivertNeighbour entry = { .ifindex = if_nametoindex ("up0"), .state = state, .has_mac = TRUE };

  g_assert_true (divert_address_parse (address, &entry.address, NULL));
  g_assert_true (divert_mac_parse (MAC_A, &entry.mac));
  g_array_append_val (f->quiet, entry);
}

static void
set_up (Fixture       *f,
        gconstpointer  user_data)
{
  f->family = GPOINTER_TO_UINT (user_data);
  test_namespace_enter ();
  test_run ("for name in up0 up1; do ip link add $name type veth peer name far$name;"
            " ip link set $name addrgenmode none; ip link set $name up; done");
  f->sock = nl_socket_alloc ();
  g_assert_cmpint (nl_connect (f->sock, NETLINK_ROUTE), ==, 0);
  g_assert_cmpint (nl_socket_add_memberships (f->sock, RTNLGRP_NEIGH, 0), ==, 0);
  f->quiet = g_array_new (FALSE, FALSE, sizeof (DivertNeighbour));
}

static void
tear_down (Fixture       *f,
           gconstpointer  user_data)
{
  g_array_unref (f->quiet);
  nl_socket_free (f->sock);
}

/* Does a message come about @address when @change is made by "ip neigh"? */
static gboolean
is_heard (Fixture    *f,
          const char *address,
          const char *change)
{
  g_autofree char *marker = g_strdup_printf ("198.51.100.%u", ++f->marker);
  char buffer[8192];
  gboolean heard = FALSE;

  test_run ("ip neigh %s; ip neigh replace %s lladdr " MAC_B " dev up1 nud permanent", change, marker);
  for (;;)
    {
      int length = recv (nl_socket_get_fd (f->sock), buffer, sizeof buffer, 0);

      g_assert_cmpint (length, >, 0);
      for (struct nlmsghdr *header = (struct nlmsghdr *) buffer; nlmsg_ok (header, length);
           header = nlmsg_next (header, &length))
        {
          DivertNeighbour neighbour;
          g_autofree char *about = NULL;

          g_assert_true (divert_neighbour_parse (header, &neighbour));
          about = divert_prefix_to_string (&neighbour.address);
          if (g_str_equal (about, marker))
            return heard;
          heard |= g_str_equal (about, address);
          g_test_message ("%s: state %x", about, neighbour.state);
        }
    }
}

static gboolean
is_heard_with (Fixture    *f,
               const char *address,
               const char *mac,
               const char *device,
               const char *state)
{
  g_autofree char *change = g_strdup_printf ("replace %s lladdr %s dev %s nud %s", address, mac, device, state);

  return is_heard (f, address, change);
}

static void
test_without (Fixture       *f,
              gconstpointer  user_data)
{
  divert_neighbour_filter_set (nl_socket_get_fd (f->sock), 1, f->quiet);
  g_assert_true (is_heard_with (f, addresses[f->family], MAC_A, "up0", "reachable"));
}

static void
test_one (Fixture       *f,
          gconstpointer  user_data)
{
  const char *address = addresses[f->family];

  add_quiet (f, address, NUD_REACHABLE);
  divert_neighbour_filter_set (nl_socket_get_fd (f->sock), 1, f->quiet);
  g_assert_false (is_heard_with (f, address, MAC_A, "up0", "reachable"));
  g_assert_true (is_heard_with (f, address, MAC_A, "up0", "stale"));
  g_assert_false (is_heard_with (f, address, MAC_A, "up0", "reachable"));
  g_assert_true (is_heard_with (f, address, MAC_B, "up0", "reachable"));
  g_assert_true (is_heard_with (f, address, "02:00:00:00:01:0a", "up0", "reachable"));
  g_assert_true (is_heard_with (f, address, "03:00:00:00:00:0a", "up0", "reachable"));
  g_assert_false (is_heard_with (f, address, MAC_A, "up0", "reachable"));
  g_assert_true (is_heard_with (f, address, MAC_A, "up0", "permanent"));
  g_assert_true (is_heard_with (f, address, MAC_A, "up1", "reachable"));
  g_assert_true (is_heard_with (f, others[f->family], MAC_A, "up0", "reachable"));
  g_assert_true (is_heard_with (f, addresses[!f->family], MAC_A, "up0", "reachable"));
  g_assert_true (is_heard (f, address, f->family == DIVERT_FAMILY_IPV4 ? "del 192.0.2.1 dev up0"
                                                                        : "del 2001:db8::1 dev up0"));

  /* It can be taken away. */
  g_array_set_size (f->quiet, 0);
  divert_neighbour_filter_set (nl_socket_get_fd (f->sock), 1, f->quiet);
  g_assert_true (is_heard_with (f, address, MAC_A, "up0", "reachable"));
}

/* As many as there can be, of both families, and with several states. */
static void
test_many (Fixture       *f,
           gconstpointer  user_data)
{
  const char *address = addresses[f->family];

  for (guint i = 0; i < DIVERT_NEIGHBOUR_FILTER_MAX - 1; i++)
    {
      g_autofree char *host = g_strdup_printf (i % 2 == 0 ? "192.0.2.%u" : "2001:db8::%x", 100 + i);

      add_quiet (f, host, NUD_REACHABLE);
    }
  add_quiet (f, address, NUD_REACHABLE | NUD_DELAY | NUD_PROBE);
  add_quiet (f, others[f->family], NUD_REACHABLE);
  divert_neighbour_filter_set (nl_socket_get_fd (f->sock), 1, f->quiet);
  g_assert_false (is_heard_with (f, address, MAC_A, "up0", "reachable"));
  g_assert_true (is_heard_with (f, address, MAC_A, "up0", "stale"));
  g_assert_false (is_heard_with (f, address, MAC_A, "up0", "delay"));
  g_assert_true (is_heard_with (f, address, MAC_B, "up0", "delay"));
  g_assert_false (is_heard_with (f, "192.0.2.100", MAC_A, "up0", "reachable"));
  /* One more than there is room for. */
  g_assert_true (is_heard_with (f, others[f->family], MAC_A, "up0", "reachable"));
}

/* What a socket of ours did to an entry. */
static void
test_own (Fixture       *f,
          gconstpointer  user_data)
{
  const char *address = addresses[f->family];
  const char *other_change = "replace 198.51.100.250 lladdr " MAC_A " dev up1 nud stale";
  g_autoptr(DivertNetlink) netlink = divert_netlink_new (NETLINK_ROUTE, NULL);
  const guint ports[] = { 1, divert_netlink_get_port (netlink) };

  add_quiet (f, address, NUD_REACHABLE);
  for (guint i = 0; i < G_N_ELEMENTS (ports); i++)
    {
      DivertNeighbour entry = g_array_index (f->quiet, DivertNeighbour, 0);

      divert_neighbour_filter_set (nl_socket_get_fd (f->sock), ports[i], f->quiet);
      g_assert_true (is_heard_with (f, address, MAC_A, "up0", "stale"));
      g_assert_true (divert_neighbour_probe (netlink, &entry, NULL));
      g_assert_cmpint (is_heard (f, address, other_change), ==, i == 0);
    }
}

int
main (int   argc,
      char *argv[])
{
  static const struct
  {
    const char *name;
    void      (*test) (Fixture *, gconstpointer);
  } tests[] = {
    { "without", test_without },
    { "one", test_one },
    { "many", test_many },
    { "own", test_own },
  };

  test_needs_namespaces ();
  test_needs ("ip", NULL);
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    test_families_add ("neighbour-filter", tests[i].name, Fixture, set_up, tests[i].test, tear_down);
  return g_test_run ();
}
