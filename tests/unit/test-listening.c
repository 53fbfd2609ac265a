/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which listeners a configuration needs, what is wrong with them, and their text form. */
#include "core/place/listening.h"
#include "values.h"

#include <netinet/in.h>

static const char text[] = "tproxy tcp IPv4 22223 good;tproxy udp IPv6 22223 foreign 1000;dns udp IPv4 1053 none;"
                           "dns udp IPv6 1053 foreign 7 wildcard;dns tcp IPv6 1053 asks-itself 7";

static void
test_text (void)
{
  static const char *const bad[] = {
    "tproxy",
    "tproxy tcp IPv4 22223",
    "tproxy tcp IPv4 0 good",
    "tproxy tcp IPv4 65536 good",
    "tproxy tcp IPv4 22223 good 7",
    "tproxy tcp IPv4 22223 foreign",
    "tproxy tcp IPv4 22223 foreign -1",
    "tproxy tcp IPv4 22223 foreign 4294967296",
    "tproxy tcp IPv5 22223 good",
    "tproxy icmp IPv4 22223 good",
    "other tcp IPv4 22223 good",
    "tproxy tcp IPv4 22223 fine",
    "tproxy tcp IPv4 22223 good;",
    "tproxy  tcp IPv4 22223 good",
    "wildcard",
    "tproxy tcp IPv4 22223 wildcard",
    "dns udp IPv4 1053 good wildcard wildcard",
    "dns udp IPv4 1053 asks-itself",
    "tproxy udp IPv4 22223 asks-itself 7",
  };
  g_autoptr(GArray) list = divert_listening_new ();
  g_autoptr(GArray) again = divert_listening_new ();
  g_autofree char *back = NULL, *none = NULL;

  none = divert_listening_to_text (list);
  g_assert_null (none);
  g_assert_true (divert_listening_from_text (text, list));
  back = divert_listening_to_text (list);
  g_assert_cmpstr (back, ==, text);
  g_assert_true (divert_listening_from_text (text, again));
  g_assert_true (divert_listening_equal (list, again));
  g_array_index (again, DivertListening, 1).uid++;
  g_assert_false (divert_listening_equal (list, again));
  g_array_index (again, DivertListening, 1).uid--;
  g_array_index (again, DivertListening, 3).wildcard = FALSE;
  g_assert_false (divert_listening_equal (list, again));
  g_array_index (again, DivertListening, 3).wildcard = TRUE;
  /* The same program, started again. */
  g_array_index (again, DivertListening, 3).sockets++;
  g_assert_false (divert_listening_equal (list, again));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr(GArray) refused = divert_listening_new ();

      g_test_message ("%s", bad[i]);
      g_assert_false (divert_listening_from_text (bad[i], refused));
    }
}

static void
test_find (void)
{
  g_autoptr(GArray) list = divert_listening_new ();

  g_assert_true (divert_listening_from_text (text, list));
  g_assert_cmpint (divert_listening_find (list, DIVERT_PORT_TPROXY, 22223, IPPROTO_UDP, DIVERT_FAMILY_IPV6)->uid, ==,
                   1000);
  g_assert_null (divert_listening_find (list, DIVERT_PORT_TPROXY, 22223, IPPROTO_UDP, DIVERT_FAMILY_IPV4));
  g_assert_null (divert_listening_find (list, DIVERT_PORT_TPROXY, 1053, IPPROTO_UDP, DIVERT_FAMILY_IPV4));
}

#define SITES "[proxy]\ngroup=1\n[site a]\nzone=a\nintranet=10.0.0.0/8\ntproxy-port=1\n" \
              "[site b]\nzone=b\nintranet=172.16.0.0/12\ntproxy-port=22223\n"

/* Each port once, also if a site names the common one. */
static void
test_needed (void)
{
  static const struct
  {
    const char *config;
    guint       n;
  } cases[] = {
    { "[proxy]\ngroup=1\n", 8 },
    { "[proxy]\ngroup=1\ndns-port=0\n", 4 },
    { SITES, 12 },
    { SITES "[divert]\nipv6=false\n", 6 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(DivertConfig) config = test_config_new (cases[i].config);
      g_autoptr(GArray) needed = divert_listening_list (config);

      g_assert_cmpuint (needed->len, ==, cases[i].n);
    }
}

/* NULL: nothing is wrong. */
static void
check_problem (const char *config_text,
               const char *listening,
               const char *expected)
{
  g_autoptr(DivertConfig) config = test_config_new (config_text);
  g_autoptr(DivertFacts) facts = divert_facts_new ();
  g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func ((GDestroyNotify) divert_problem_free);

  g_assert_true (divert_listening_from_text (listening, facts->listening));
  divert_listening_add_problems (config, facts, found);
  g_assert_cmpuint (found->len, ==, expected != NULL);
  if (expected != NULL)
    g_assert_cmpstr (((DivertProblem *) found->pdata[0])->detail, ==, expected);
}

static void
test_problems (void)
{
  check_problem (SITES, "tproxy tcp IPv4 22223 good;dns udp IPv4 1053 good", NULL);
  check_problem (SITES, "tproxy tcp IPv4 22223 none;tproxy udp IPv4 22223 none;dns udp IPv4 1053 none",
                 "port 22223: none; DNS port 1053: none");
  check_problem (SITES, "tproxy tcp IPv4 22223 good;tproxy udp IPv4 22223 not-transparent;"
                        "tproxy udp IPv6 22223 foreign 7",
                 "port 22223: UDP/IPv4 not-transparent, UDP/IPv6 foreign (user 7)");
  check_problem (SITES, "tproxy tcp IPv4 1 foreign 7;tproxy tcp IPv6 1 foreign 8",
                 "port 1: TCP/IPv4 foreign (user 7), TCP/IPv6 foreign (user 8)");
  /* Anybody may answer DNS. */
  check_problem (SITES, "dns udp IPv4 1053 foreign 7;dns tcp IPv4 1053 none", "DNS port 1053: TCP/IPv4 none");
  /* … unless it asks itself, which is told once. */
  check_problem (SITES, "dns udp IPv4 1053 asks-itself 7;dns tcp IPv4 1053 asks-itself 7;"
                        "dns udp IPv6 1053 asks-itself 7", "DNS port 1053 (user 7)");
  /* What is no longer needed. */
  check_problem (SITES, "tproxy tcp IPv4 4711 none", NULL);
  check_problem (SITES "[divert]\nipv6=false\n", "tproxy tcp IPv6 22223 none", NULL);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/listening/text", test_text);
  g_test_add_func ("/listening/find", test_find);
  g_test_add_func ("/listening/needed", test_needed);
  g_test_add_func ("/listening/problems", test_problems);
  return g_test_run ();
}
