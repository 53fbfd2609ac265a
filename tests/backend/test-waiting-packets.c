/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets that wait for a neighbour: a link's are dropped, however many there are, and nothing else is.
 */
#include "namespace.h"
#include "system/flows/waiting-packets.h"

#include <net/if.h>
#include <sys/resource.h>

/* What a program can have waiting with a few sockets.  The kernel bounds it (gc_thresh3, 1,024 in each family). */
#define MANY 700

static void
set_up (void)
{
  test_namespace_enter ();
  test_run ("ip link add one type veth peer name far1; ip link add two type veth peer name far2;"
            "for device in one two far1 far2; do ip link set $device addrgenmode none up; done;"
            "ip address add 10.1.0.1/16 dev one; ip address add 10.2.0.1/16 dev two;"
            "ip address add fd00:1::1/64 dev one nodad");
}

static void
add_waiting (const char *device,
             const char *prefix,
             guint       count)
{
  test_run ("for i in $(seq 0 %u); do echo neigh replace %s$((i / 250)).$((i %% 250 + 2)) nud incomplete dev %s; done |"
            "ip -batch -", count - 1, prefix, device);
}

static guint
count (const char *device)
{
  g_autofree char *shown = test_output ("ip neigh show dev %s", device);

  return test_count (shown, "INCOMPLETE");
}

static guint
drop (DivertWaitingPackets *waiting,
      const char           *device)
{
  g_autoptr(GError) error = NULL;
  guint dropped = G_MAXUINT;
  const gboolean ok = divert_waiting_packets_drop (waiting, if_nametoindex (device), &dropped, &error);

  g_assert_no_error (error);
  g_assert_true (ok);
  return dropped;
}

/* Twice, because the conversation stays open. */
static void
test_drop (void)
{
  g_autoptr(DivertWaitingPackets) waiting = NULL;
  g_autofree char *resolved = NULL;

  set_up ();
  waiting = divert_waiting_packets_new ();
  test_run ("ip neigh replace 10.1.9.9 lladdr 02:00:00:00:00:01 nud permanent dev one");
  for (guint i = 0; i < 2; i++)
    {
      add_waiting ("one", "10.1.", 3);
      add_waiting ("two", "10.2.", 3);
      test_run ("ip neigh replace fd00:1::2 nud incomplete dev one");
      g_assert_cmpuint (drop (waiting, "one"), ==, 4);
      g_assert_cmpuint (count ("one"), ==, 0);
      g_assert_cmpuint (count ("two"), ==, 3);
    }
  g_assert_cmpuint (drop (waiting, "one"), ==, 0);
  resolved = test_output ("ip neigh show dev one");
  g_assert_cmpuint (test_count (resolved, "PERMANENT"), ==, 1);
}

/* What it needs was opened in time. */
static void
test_no_descriptor (void)
{
  g_autoptr(DivertWaitingPackets) waiting = NULL;
  g_autoptr(GError) error = NULL;
  struct rlimit before, none;
  guint dropped = 0, ifindex;
  gboolean ok;

  set_up ();
  waiting = divert_waiting_packets_new ();
  add_waiting ("one", "10.1.", 3);
  ifindex = if_nametoindex ("one");
  g_assert_no_errno (getrlimit (RLIMIT_NOFILE, &before));
  none = before;
  none.rlim_cur = 0;
  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &none));
  ok = divert_waiting_packets_drop (waiting, ifindex, &dropped, &error);
  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &before));
  g_assert_no_error (error);
  g_assert_true (ok);
  g_assert_cmpuint (dropped, ==, 3);
  g_assert_cmpuint (count ("one"), ==, 0);
}

/* The tripwire's thread does this. */
static void
test_many (void)
{
  g_autoptr(DivertWaitingPackets) waiting = NULL;

  set_up ();
  waiting = divert_waiting_packets_new ();
  add_waiting ("one", "10.1.", MANY);
  g_assert_cmpuint (count ("one"), ==, MANY);
  g_assert_cmpuint (drop (waiting, "one"), ==, MANY);
  g_assert_cmpuint (count ("one"), ==, 0);
}

int
main (int    argc,
      char **argv)
{
  test_needs_namespaces ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/waiting-packets/drop", test_drop);
  g_test_add_func ("/waiting-packets/many", test_many);
  g_test_add_func ("/waiting-packets/no-descriptor", test_no_descriptor);
  return g_test_run ();
}
