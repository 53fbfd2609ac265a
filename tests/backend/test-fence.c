/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The routing fence in a real kernel, read back with ip(8) and tried with packets. Each case runs for both families.
 */
#include "fence-fixture.h"
#include "values.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void
test_lay_and_remove (Fixture       *f,
                     gconstpointer  user_data)
{
  g_autofree char *before = read_all (), *laid = NULL, *device = NULL;

  g_assert_true (apply (f, f->closed));
  g_assert_false (apply (f, f->closed));
  assert_stands (f->closed);
  laid = read_all ();
  g_assert_cmpuint (test_count (laid, "101:\tnot from all fwmark 0x8/0xff lookup 2234 proto 233"), ==, 1);
  g_assert_cmpuint (test_count (laid, "dev nm-divert-fence"), ==, 1);
  device = test_output ("ip -6 route show table local dev nm-divert-fence; ip -o addr show dev nm-divert-fence; "
                        "ip -o link show dev nm-divert-fence");
  g_assert_null (strstr (device, " scope "));
  g_assert_null (strstr (device, "multicast ff00::/8"));
  g_assert_nonnull (strstr (device, ",UP,LOWER_UP"));

  assert_all_gone (f, before);
  g_assert_false (apply (f, f->none));
}

/* The sockets are older than the change, so they have an old route. */
static void
test_packets (Fixture       *f,
              gconstpointer  user_data)
{
  int plain = connect_nas (f, 0), judged = connect_nas (f, PASS_MARK), foreign = connect_nas (f, 0xca00);

  g_assert_cmpuint (send_three (f, plain), ==, 3);
  apply (f, f->closed);
  g_assert_cmpuint (send_three (f, plain), ==, 0);
  g_assert_cmpuint (send_three (f, foreign), ==, 0);
  g_assert_cmpuint (send_three (f, judged), ==, 3);
  g_assert_cmpuint (try_new (f, 0), ==, 0);

  apply (f, f->open);
  g_assert_cmpuint (send_three (f, plain), ==, 3);
  g_assert_cmpuint (try_new (f, 0), ==, 3);
  /* Closing alone holds the packets. */
  g_assert_true (write_fence (f, divert_fences_close, f->closed));
  g_assert_cmpuint (send_three (f, plain), ==, 0);
  g_assert_cmpuint (try_new (f, 0), ==, 0);
  g_assert_false (write_fence (f, divert_fences_close, f->closed));

  apply (f, f->open);
  g_assert_cmpuint (send_three (f, plain), ==, 3);
  apply (f, f->none);
  g_assert_cmpuint (send_three (f, plain), ==, 3);
  close (plain);
  close (judged);
  close (foreign);
}

/* Withdrawing a grant needs to know nothing but our protocol number. */
static void
test_withdraw (Fixture       *f,
               gconstpointer  user_data)
{
  g_autoptr(DivertFences) other = NULL;
  g_autofree char *closed = NULL, *after = NULL;
  int plain = connect_nas (f, 0);
  g_autoptr(GError) error = NULL;

  apply (f, f->closed);
  closed = read_all ();
  apply (f, f->open);
  g_assert_cmpuint (send_three (f, plain), ==, 3);
  other = divert_fences_new (&error);
  g_assert_true (divert_fences_withdraw (other, &error));
  g_assert_cmpuint (send_three (f, plain), ==, 0);
  assert_stands (f->closed);
  after = read_all ();
  g_assert_cmpstr (closed, ==, after);
  g_assert_true (divert_fences_withdraw (other, &error));
  close (plain);
}

/* A granted network within a larger intranet opens only itself. */
static void
test_nested (Fixture       *f,
             gconstpointer  user_data)
{
  const gboolean ipv6 = f->family == DIVERT_FAMILY_IPV6;
  g_autoptr(DivertFence) part = make_fence (f, ipv6 ? "fd00::/16" : "192.168.0.0/16", f->intranet);
  const char *elsewhere = ipv6 ? "fd00:23::1" : "192.168.23.1";
  g_autofree char *way = NULL, *held = NULL;

  test_run ("%s route add default dev up0", f->ip);
  apply (f, part);
  assert_stands (part);
  way = test_output ("%s route get %s", f->ip, f->nas);
  held = test_output ("%s route get %s", f->ip, elsewhere);
  g_assert_nonnull (strstr (way, "dev up0"));
  g_assert_nonnull (strstr (held, "dev nm-divert-fence"));
}

/* Without a network, a program gets an error at once. When a network comes, the filter gets the packets again. */
static void
test_refuses (Fixture       *f,
              gconstpointer  user_data)
{
  g_autofree char *laid = NULL;

  test_run ("%s addr flush dev up0; %s route flush dev up0", f->ip, f->ip);
  g_assert_cmpint (connect_error (f), ==, ENETUNREACH);
  g_assert_true (apply (f, f->closed));
  g_assert_false (apply (f, f->closed));
  assert_stands (f->closed);
  g_assert_cmpint (connect_error (f), ==, EHOSTUNREACH);

  test_run ("%s addr add %s dev up0 %s", f->ip, f->family == DIVERT_FAMILY_IPV6 ? "fd00:22::33/64" : "192.168.22.33/24",
            f->family == DIVERT_FAMILY_IPV6 ? "nodad" : "");
  /* Until the next run it refuses, and lets nothing through. */
  g_assert_cmpint (connect_error (f), ==, EHOSTUNREACH);
  g_assert_true (apply (f, f->closed));
  g_assert_false (apply (f, f->closed));
  g_assert_cmpint (connect_error (f), ==, 0);
  g_assert_cmpuint (try_new (f, 0), ==, 0);
  laid = read_all ();
  g_assert_null (strstr (laid, "unreachable"));
}

/* A missing part is found and restored, and the packets are held again. */
static void
test_found_again (Fixture       *f,
                  gconstpointer  user_data)
{
  static const struct
  {
    const char *command; /* %s: ip */
    const char *lacks;
  } losses[] = {
    { "%s rule flush; %s rule add pref 32766 lookup main", "ip rule" },
    { "%s route flush table 2234; %s route show", "/" },
    { "ip link del nm-divert-fence; %s rule >/dev/null; %s rule >/dev/null", "/" },
    { "ip link set nm-divert-fence down; %s rule >/dev/null; %s rule >/dev/null", "/" },
  };
  int plain;

  apply (f, f->closed);
  plain = connect_nas (f, 0);
  for (guint i = 0; i < G_N_ELEMENTS (losses); i++)
    {
      g_autoptr(GString) command = g_string_new (losses[i].command);

      g_string_replace (command, "%s", f->ip, 0);
      test_run ("%s", command->str);
      assert_lacks (f->closed, losses[i].lacks);
      g_assert_cmpuint (send_three (f, plain), ==, 3);
      g_assert_true (apply (f, f->closed));
      g_assert_false (apply (f, f->closed));
      assert_stands (f->closed);
      g_assert_cmpuint (send_three (f, plain), ==, 0);
    }
  close (plain);
}

/* What is missing although we left it is drift, and nothing else is. */
static void
test_drift (Fixture       *f,
            gconstpointer  user_data)
{
  const DivertParts ours = divert_part_of (DIVERT_PART_FENCE_IPV4, f->family);
  g_autoptr(DivertFence) siteless = make_fence (f, f->intranet, NULL);
  const struct
  {
    const char *command;
    DivertParts parts;
  } cases[] = {
    { "$ip rule del pref 101", ours },
    { "$ip route flush table 2234", ours },
    { "$ip route del throw $intranet table 2234", ours },
    { "$ip route del $intranet dev " DIVERT_FENCE_DEVICE " table 2234", ours },
    { "ip link del " DIVERT_FENCE_DEVICE, 1 << DIVERT_PART_FENCE_DEVICE },
    { "ip link set " DIVERT_FENCE_DEVICE " down", 1 << DIVERT_PART_FENCE_DEVICE },
  };
  g_autoptr(DivertFence) nothing = divert_fence_new_empty ();

  nothing->table = f->open->table;
  nothing->mark = f->open->mark;
  nothing->mask = f->open->mask;
  apply (f, f->open);
  g_assert_cmpuint (divert_fences_take_drift (f->fences), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%s", cases[i].command);
      test_run ("ip='%s'; intranet='%s'; %s", f->ip, f->intranet, cases[i].command);
      g_assert_true (apply (f, f->open));
      g_assert_cmpuint (divert_fences_take_drift (f->fences), ==, cases[i].parts);
      g_assert_false (apply (f, f->open));
      g_assert_cmpuint (divert_fences_take_drift (f->fences), ==, 0);
    }

  /* Our own changes. */
  g_assert_true (apply (f, f->closed));
  g_assert_true (apply (f, f->open));
  g_assert_true (apply (f, f->none));
  /* Nothing is configured any more, and then again. */
  apply (f, f->open);
  apply (f, nothing);
  g_assert_true (apply (f, f->open));
  g_assert_cmpuint (divert_fences_take_drift (f->fences), ==, 0);
  g_assert_true (apply (f, f->none));
  /* The filter could not be written, so the gates were never added. */
  write_fence (f, divert_fences_close, f->open);
  write_fence (f, divert_fences_close, f->open);
  apply (f, f->closed);
  /* The last site is forgotten, and the first one learned: same table, same mark. */
  g_array_set_size (siteless->panels, 0);
  siteless->families = DIVERT_FAMILIES_NONE;
  g_assert_true (apply (f, siteless));
  g_assert_true (apply (f, f->closed));
  g_assert_cmpuint (divert_fences_take_drift (f->fences), ==, 0);
}

/* The halves of the internet come with the gates.  So they are missed only if the gates were opened. */
static void
test_drift_of_halves (Fixture       *f,
                      gconstpointer  user_data)
{
  const char *half = f->family == DIVERT_FAMILY_IPV6 ? "8000::/1" : "128.0.0.0/1";
  g_autoptr(DivertFence) outer = make_fence (f, f->intranet, f->intranet);

  test_run ("%s route add default dev up0", f->ip);
  outer->outer = TRUE;
  test_prefixes_add (outer->panels, half);
  g_array_sort (outer->panels, (GCompareFunc) divert_prefix_compare);

  /* The filter could not be written, twice. */
  g_assert_true (write_fence (f, divert_fences_close, outer));
  g_assert_false (write_fence (f, divert_fences_close, outer));
  g_assert_cmpuint (divert_fences_take_drift (f->fences), ==, 0);

  g_assert_true (apply (f, outer));
  g_assert_cmpuint (divert_fences_take_drift (f->fences), ==, 0);
  test_run ("%s route del %s dev " DIVERT_FENCE_DEVICE " table 2234 metric 3", f->ip, half);
  g_assert_true (apply (f, outer));
  g_assert_cmpuint (divert_fences_take_drift (f->fences), ==, divert_part_of (DIVERT_PART_FENCE_IPV4, f->family));
}

static void
test_configuration_changes (Fixture       *f,
                            gconstpointer  user_data)
{
  g_autoptr(DivertFence) other = make_fence (f, f->family == DIVERT_FAMILY_IPV6 ? "fd00:77::/64" : "10.77.0.0/16",
                                             NULL);
  g_autofree char *before = read_all (), *between = NULL;

  other->table = 99;
  other->mark = 0;
  g_assert_true (apply (f, f->open));
  g_assert_true (apply (f, other));
  g_assert_false (apply (f, other));
  assert_stands (other);
  between = read_all ();
  g_assert_null (strstr (between, "2234"));
  g_assert_cmpuint (test_count (between, "101:\tfrom all lookup 99 proto 233"), ==, 1);
  other->mark = PASS_MARK;
  other->mask = 0xf;
  g_assert_true (apply (f, other));
  other->mask = 0xff;
  g_assert_true (apply (f, other));
  g_assert_false (apply (f, other));
  g_free (between);
  between = read_all ();
  g_assert_cmpuint (test_count (between, "101:\tnot from all fwmark 0x8/0xff lookup 99 proto 233"), ==, 1);
  g_assert_null (strstr (between, "0x8/0xf "));
  assert_all_gone (f, before);
}

/* More routes than fit into one datagram. */
static void
test_many (Fixture       *f,
           gconstpointer  user_data)
{
  g_autoptr(DivertFence) many = make_fence (f, f->intranet, NULL);
  g_autofree char *before = NULL, *laid = NULL;

  test_run ("%s route add default dev up0", f->ip);
  before = read_all ();
  g_array_set_size (many->panels, 0);
  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *text = f->family == DIVERT_FAMILY_IPV6 ? g_strdup_printf ("fd01:%x::/64", i + 1) :
                                                                g_strdup_printf ("10.%u.%u.0/25", i / 250, i % 250);

      test_prefixes_add (many->panels, text);
    }
  g_assert_true (apply (f, many));
  g_assert_false (apply (f, many));
  laid = read_all ();
  g_assert_cmpuint (test_count (laid, "dev nm-divert-fence"), ==, 1000);
  /* Without a route to any of them, all of them refuse. */
  test_run ("%s route del default", f->ip);
  g_assert_true (apply (f, many));
  g_assert_false (apply (f, many));
  g_free (laid);
  laid = read_all ();
  g_assert_cmpuint (test_count (laid, "unreachable"), ==, 1000);
  test_run ("%s route add default dev up0", f->ip);
  assert_all_gone (f, before);
}

int
main (int   argc,
      char *argv[])
{
  static const FenceTest tests[] = {
    { "lay-and-remove", test_lay_and_remove },
    { "packets", test_packets },
    { "withdraw", test_withdraw },
    { "nested", test_nested },
    { "refuses", test_refuses },
    { "found-again", test_found_again },
    { "drift", test_drift },
    { "drift-of-halves", test_drift_of_halves },
    { "configuration-changes", test_configuration_changes },
    { "many", test_many },
  };

  return run_fence_tests (argc, argv, "fence", tests, G_N_ELEMENTS (tests));
}
