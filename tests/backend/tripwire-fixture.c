/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns: a grant whose fence has a tripwire.  See tripwire-fixture.h. */
#include "tripwire-fixture.h"
#include "families.h"

#include <net/if.h>

#include "system/sources/kernel/kernel-read.h"
#include "values.h"

/* For shell commands: seconds. */
#define PATIENCE "30"

static void
on_lost (guint    ifindex,
         gpointer user_data)
{
  Wired *w = user_data;

  g_atomic_int_set (&w->lost_ifindex, ifindex);
  g_atomic_int_inc (&w->n_lost);
}

void
wired_wire (Wired                  *w,
            const DivertTripLimits *limits)
{
  g_autoptr(GError) error = NULL;
  DivertTripwire *tripwire = divert_tripwire_new (limits, on_lost, w, test_on_call, &w->n_calls, &error);

  g_assert_no_error (error);
  divert_fences_set_tripwire (w->f.fences, tripwire);
}

void
wired_add_exit (Wired      *w,
                const char *device)
{
  DivertExit *way_out = g_new0 (DivertExit, 1);

  way_out->device = g_strdup (device);
  way_out->ifindex = if_nametoindex (device);
  way_out->sources = divert_prefixes_new ();
  g_ptr_array_add (w->decision->exits, way_out);
}

static void
add_link (Wired      *w,
          const char *name)
{
  test_run ("ip link add up%s type veth peer name far%s; ip link set up%s addrgenmode none;"
            "ip link set far%s addrgenmode none; ip link set up%s up; ip link set far%s up", name, name, name, name,
            name, name);
}

void
wired_set_up (Wired         *w,
              gconstpointer  user_data)
{
  g_autoptr(DivertMode) mode = divert_mode_new (DIVERT_MODE_AWAY, NULL);
  g_autoptr(DivertFacts) nothing = divert_facts_new ();

  set_up (&w->f, user_data);
  add_link (w, "1");
  test_wait_for_operstate ("up0", "UP");
  test_wait_for_operstate ("up1", "UP");
  w->n_lost = w->lost_ifindex = 0;
  w->config = test_config_new ("[proxy]\ngroup=1\n");
  w->decision = divert_decide (w->config, mode, nothing);
  w->decision->place = DIVERT_PLACE_SITE;
  wired_add_exit (w, "up0");
  wired_wire (w, &divert_tripwire_limits);
}

void
wired_tear_down (Wired         *w,
                 gconstpointer  user_data)
{
  tear_down (&w->f, user_data);
  divert_decision_free (w->decision);
  divert_config_free (w->config);
}

DivertFacts *
wired_gather (void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(DivertNetlink) netlink = divert_netlink_new (NETLINK_ROUTE, &error);
  g_autoptr(DivertKernelState) state = divert_kernel_state_read (netlink, &error);
  DivertFacts *facts = divert_facts_new ();

  g_assert_no_error (error);
  g_ptr_array_unref (facts->links);
  facts->links = g_steal_pointer (&state->links);
  return facts;
}

/* A run that knows @facts. Returns whether it wrote. */
gboolean
wired_run (Wired             *w,
           const DivertFacts *facts,
           const DivertFence *fence)
{
  const gboolean closed = write_fence (&w->f, divert_fences_close, fence);

  divert_fences_arm (w->f.fences, fence, w->decision, facts);
  return write_fence (&w->f, divert_fences_open, fence) || closed;
}

void
wired_grant (Wired *w)
{
  g_autoptr(DivertFacts) facts = wired_gather ();

  g_assert_true (wired_run (w, facts, w->f.open));
}

gboolean
wired_is_open (Wired *w)
{
  g_autofree char *routes = test_output ("%s route show table 2234", w->f.ip);

  return test_count (routes, "throw") == 1;
}

/* While this thread does nothing else. */
void
wired_wait_until_shut (Wired *w)
{
  test_run ("timeout " PATIENCE " sh -c 'while %s route show table 2234 | grep -q throw; do sleep 0.001; done'",
            w->f.ip);
  assert_stands (w->f.closed);
}

void
wired_assert_one_rule (Wired *w)
{
  g_autofree char *rules = test_output ("%s rule show pref 101", w->f.ip);

  g_assert_cmpuint (test_count (rules, "101:"), ==, 1);
}

static gboolean
was_looked_again (gpointer user_data)
{
  return ((Wired *) user_data)->n_calls > 0;
}

/* The wire has tripped, for good. */
void
wired_wait_until_told (Wired *w)
{
  g_assert_true (test_wait (WIRED_PATIENCE_MS, was_looked_again, w));
}

int
wired_main (int              argc,
            char            *argv[],
            const char      *name,
            const WiredTest *tests,
            guint            n_tests)
{
  test_needs_namespaces ();
  test_needs ("ip", "iptables-legacy", "ip6tables-legacy", NULL);
  test_lock_enter ();
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < n_tests; i++)
    test_families_add (name, tests[i].name, Wired, wired_set_up, tests[i].test, wired_tear_down);
  return g_test_run ();
}
