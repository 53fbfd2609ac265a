/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which connections end with a change of place, when several changes follow each other faster than connections end, and
 * when the configured mark changes.
 */
#include "namespace.h"
#include "run/flows.h"
#include "values.h"

#include <net/if.h>

#define MARK 0x1
#define MASK 0x3

static const char config_text[] =
  "[proxy]\ngroup=1\n[divert]\nmark=1\nmask=3\n"
  "[site home]\nintranet=192.168.22.0/24;10.1.0.0/16;10.2.0.0/16;10.3.0.0/16\nzone=home\n";

typedef struct
{
  DivertConfig *config;
  DivertFlows  *flows;
  GArray       *former;
  guint         n_calls;
} Fixture;

static void
set_up (Fixture       *f,
        gconstpointer  user_data)
{
  test_namespace_enter ();
  f->config = test_config_new (config_text);
  f->flows = divert_flows_new (G_MAXINT);
  f->former = divert_prefixes_new ();
}

static void
tear_down (Fixture       *f,
           gconstpointer  user_data)
{
  divert_flows_free (f->flows);
  divert_config_free (f->config);
  g_array_unref (f->former);
}

static void
add (const char *destination,
     guint       mark)
{
  test_run ("conntrack -I -p udp -s 192.0.2.1 -d %s --sport 4000 --dport 5000 -t 300 -m %u >/dev/null 2>&1",
            destination, mark);
}

static gboolean
is_there (const char *destination)
{
  g_autofree char *table = test_output ("conntrack -L 2>/dev/null");
  g_autofree char *needle = g_strdup_printf ("dst=%s ", destination);

  return test_count (table, needle) > 0;
}

/* At home with @direct; NULL: away. */
static DivertDecision *
make_decision (const Fixture *f,
               const char    *direct)
{
  g_autoptr(DivertFacts) facts = divert_facts_new ();
  g_autoptr(DivertMode) mode = divert_mode_new (DIVERT_MODE_AWAY, NULL);
  DivertDecision *decision = divert_decide (f->config, mode, facts);

  if (direct != NULL)
    {
      decision->place = DIVERT_PLACE_SITE;
      test_prefixes_add (decision->direct, direct);
    }
  return decision;
}

static void
leave (Fixture    *f,
       const char *direct)
{
  g_autoptr(DivertDecision) before = make_decision (f, direct);
  g_autoptr(DivertDecision) now = make_decision (f, NULL);
  const DivertCrossing crossing = { .before = before, .now = now, .former = f->former };

  divert_flows_end (f->flows, f->config, &crossing, 1);
}

/* The first ending is under way by the time of the second and the third, which become one. */
static void
test_storm (Fixture       *f,
            gconstpointer  user_data)
{
  add ("10.1.0.1", 0);
  add ("10.2.0.1", 0);
  add ("10.3.0.1", 0);
  add ("10.4.0.1", 0);
  leave (f, "10.1.0.0/16");
  leave (f, "10.2.0.0/16");
  leave (f, "10.3.0.0/16");
  divert_flows_await (f->flows, test_on_call, &f->n_calls);
  g_assert_true (test_wait (10000, test_was_called, &f->n_calls));
  g_assert_false (is_there ("10.1.0.1"));
  g_assert_false (is_there ("10.2.0.1"));
  g_assert_false (is_there ("10.3.0.1"));
  g_assert_true (is_there ("10.4.0.1"));
  /* Nothing is left to wait for. */
  f->n_calls = 0;
  divert_flows_await (f->flows, test_on_call, &f->n_calls);
  g_assert_cmpuint (f->n_calls, ==, 1);
}

/* Under another mark, connections with the old one are forgotten before the rules come, and all others after that,
 * because nobody can tell any more how they were judged. */
static void
test_new_mark (Fixture       *f,
               gconstpointer  user_data)
{
  g_autoptr(DivertDecision) away = make_decision (f, NULL);
  const DivertCrossing crossing = { .before = away, .now = away, .former = f->former, .remarked = TRUE };

  add ("203.0.113.1", MARK);
  add ("203.0.113.2", 0x10);
  divert_flows_forget_mark (MASK);
  g_assert_false (is_there ("203.0.113.1"));
  g_assert_true (is_there ("203.0.113.2"));
  divert_flows_end (f->flows, f->config, &crossing, 1);
  divert_flows_await (f->flows, test_on_call, &f->n_calls);
  g_assert_true (test_wait (10000, test_was_called, &f->n_calls));
  g_assert_false (is_there ("203.0.113.2"));
}

/* A doubt ends nothing. */
static void
test_doubt (Fixture       *f,
            gconstpointer  user_data)
{
  g_autoptr(DivertDecision) home = make_decision (f, "10.1.0.0/16");
  g_autoptr(DivertDecision) held = make_decision (f, "10.1.0.0/16");
  const DivertCrossing crossing = { .before = home, .now = held, .former = f->former, .left = TRUE };

  held->place = DIVERT_PLACE_HELD;
  add ("10.1.0.1", 0);
  divert_flows_end (f->flows, f->config, &crossing, 1);
  divert_flows_await (f->flows, test_on_call, &f->n_calls);
  g_assert_cmpuint (f->n_calls, ==, 1);
  g_assert_true (is_there ("10.1.0.1"));
}

static DivertDecision *
make_by_exit (const Fixture *f,
              const char    *direct,
              gboolean       internet,
              gboolean       dns)
{
  DivertDecision *decision = make_decision (f, direct);
  DivertExit *way_out = g_new0 (DivertExit, 1);

  way_out->device = g_strdup ("one");
  way_out->ifindex = if_nametoindex ("one");
  way_out->sources = divert_prefixes_new ();
  g_ptr_array_add (decision->exits, way_out);
  decision->internet = internet;
  decision->dns = dns;
  return decision;
}

static guint
count_waiting (void)
{
  g_autofree char *shown = test_output ("ip neigh show dev one");

  return test_count (shown, "INCOMPLETE");
}

/* At home before and after, by the same exit: what waits there goes if something may no longer leave by it. */
static void
test_waiting (Fixture       *f,
              gconstpointer  user_data)
{
  static const struct
  {
    const char *before, *now;
    gboolean internet_before, internet, dns_before, dns, stays;
  } cases[] = {
    { "10.1.0.0/16", "10.1.0.0/16", FALSE, FALSE, FALSE, FALSE, TRUE },
    { "10.1.0.0/16", "10.0.0.0/8", TRUE, TRUE, TRUE, TRUE, TRUE },
    { "10.1.0.0/16", "10.1.0.0/16", FALSE, TRUE, FALSE, TRUE, TRUE },
    { "10.1.0.0/16", "10.1.0.0/17", TRUE, TRUE, TRUE, TRUE, FALSE },
    { "10.1.0.0/16", "10.1.0.0/16", TRUE, FALSE, FALSE, FALSE, FALSE },
    { "10.1.0.0/16", "10.1.0.0/16", TRUE, TRUE, TRUE, FALSE, FALSE },
  };

  test_run ("ip link add one type veth peer name far; for device in one far; do"
            " ip link set $device addrgenmode none up; done; ip address add 10.1.0.1/16 dev one");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(DivertDecision) before = make_by_exit (f, cases[i].before, cases[i].internet_before,
                                                       cases[i].dns_before);
      g_autoptr(DivertDecision) now = make_by_exit (f, cases[i].now, cases[i].internet, cases[i].dns);

      test_run ("ip neigh replace 10.1.0.9 nud incomplete dev one");
      divert_flows_drop_waiting (f->flows, before, now);
      g_assert_cmpuint (count_waiting (), ==, cases[i].stays ? 1 : 0);
    }
}

int
main (int    argc,
      char **argv)
{
  test_needs_namespaces ();
  test_needs ("conntrack", "ip", NULL);
  g_test_init (&argc, &argv, NULL);
#define ADD(name, test) g_test_add ("/flows/" name, Fixture, NULL, set_up, test, tear_down)
  ADD ("storm", test_storm);
  ADD ("new-mark", test_new_mark);
  ADD ("doubt", test_doubt);
  ADD ("waiting", test_waiting);
  return g_test_run ();
}
