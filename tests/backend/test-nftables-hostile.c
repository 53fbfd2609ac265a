/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The nftables backend among others: crowds of rules that aren't ours, somebody who listens and doesn't read, somebody
 * who writes between our reading and our writing, and news that are lost.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../unit/expansion.h"
#include "backend-fixture.h"
#include "namespace.h"
#include "nft-wire.h"
#include "system/filter/nftables/nftables.h"
#include "unowned.h"

typedef struct
{
  DivertBackend *backend;
  DivertRuleset *home, *away;
} Fixture;

static void
set_up (Fixture       *f,
        gconstpointer  data)
{
  test_namespace_enter ();
  /* So that nft can do with it as it likes. */
  test_unowned = TRUE;
  f->backend = divert_backend_nftables_new ();
  f->home = expansion_make_ruleset (0, DIVERT_MODE_AUTO);
  f->away = expansion_make_ruleset (0, DIVERT_MODE_AWAY);
  memset (&wire, 0, sizeof wire);
}

static void
tear_down (Fixture       *f,
           gconstpointer  data)
{
  divert_backend_free (f->backend);
  divert_ruleset_unref (f->home);
  divert_ruleset_unref (f->away);
}

static char *
read_ours (void)
{
  return test_output ("nft list table inet nm-divert | sed 's/packets [0-9]* bytes [0-9]*//'");
}

/* Forgets what the backend knows, so that it reads everything. */
static void
renew (Fixture *f)
{
  divert_backend_free (f->backend);
  f->backend = divert_backend_nftables_new ();
}

typedef struct
{
  gsize  received;
  gint64 ns;       /* of our processor time, in the kernel as well */
} Cost;

static gint64
get_time (void)
{
  struct timespec now;

  g_assert_no_errno (clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now));
  return now.tv_sec * G_GINT64_CONSTANT (1000000000) + now.tv_nsec;
}

/* Reading everything and changing the place: the least of some. */
static Cost
measure (Fixture *f)
{
  Cost cost = { 0, G_MAXINT64 };

  for (guint i = 0; i < 20; i++)
    {
      gint64 start;

      renew (f);
      wire.received = 0;
      start = get_time ();
      g_assert_cmpuint (backend_fixture_lay (f->backend, i % 2 == 0 ? f->away : f->home), ==, 1);
      cost.ns = MIN (cost.ns, get_time () - start);
      cost.received = wire.received;
    }
  return cost;
}

/* The kernel enlarges a set's hash table in the background, and while it does, a list of the set lacks elements. */
static char *
read_crowd (void)
{
  return test_output ("list () { nft list table inet crowd | md5sum; }; "
                      "until one=$(list); [ \"$one\" = \"$(list)\" ]; do :; done; echo \"$one\"");
}

/* 10,000 rules and 100,000 elements of somebody else's are neither read nor walked through. */
static void
test_crowd (Fixture       *f,
            gconstpointer  data)
{
  g_autofree char *before = NULL, *after = NULL;
  Cost alone, crowded;

  backend_fixture_lay (f->backend, f->home);
  alone = measure (f);
  test_run ("{ echo 'table inet crowd { set s { type ipv4_addr; elements = {'; "
            "for i in $(seq 0 399); do for j in $(seq 0 249); do echo \"11.$((i / 200)).$((i %% 200)).$j,\"; done; "
            "done; echo '}; }; chain c {'; "
            "for i in $(seq 10000); do echo \"ip daddr 12.0.$((i / 256)).$((i %% 256)) counter\"; done; "
            "echo '}; }'; } > crowd && nft -f crowd && rm crowd");
  before = read_crowd ();
  crowded = measure (f);
  after = read_crowd ();
  g_assert_cmpstr (before, ==, after);
  g_test_message ("alone %zu bytes, %d us; in the crowd %zu bytes, %d us", alone.received, (int) (alone.ns / 1000),
                  crowded.received, (int) (crowded.ns / 1000));
  /* One chain more. */
  g_assert_cmpuint (crowded.received, <, alone.received + 512);
  g_assert_cmpint (crowded.ns, <, 3 * alone.ns);
}

/* Two more sites: @n prefixes each that can't be merged. */
static char *
make_sites (guint n)
{
  g_autoptr(GString) keys = g_string_new (NULL);

  for (guint site = 0; site < 2; site++)
    {
      g_string_append_printf (keys, "[site s%u]\nzone=z\nintranet=", site);
      for (guint i = 0; i < n; i++)
        g_string_append_printf (keys, "fd0%u:%x::/48;", site + 1, i * 2);
      g_string_append (keys, "\n");
    }
  return g_string_free (g_steal_pointer (&keys), FALSE);
}

/* In kB. */
static guint
get_memory (void)
{
  g_autofree char *memory = test_output ("sed -n 's/^VmHWM:[^0-9]*\\([0-9]*\\) kB$/\\1/p' /proc/%d/status",
                                         (int) getpid ());

  return g_ascii_strtoull (memory, NULL, 10);
}

/* 10,000 prefixes take no more than 10 MB at any time.  When somebody has written, finding out that nothing of ours
 * changed takes no more than 10 ms of a processor. */
static void
test_long (Fixture       *f,
           gconstpointer  data)
{
  g_autofree char *sites = make_sites (3000);
  g_autoptr(DivertRuleset) ruleset = NULL;
  gint64 best = G_MAXINT64;
  guint memory = get_memory ();

  ruleset = expansion_make_ruleset_with (2000, DIVERT_MODE_AUTO, sites, "");
  g_assert_cmpuint (backend_fixture_lay (f->backend, ruleset), ==, 1);
  for (guint i = 0; i < 10; i++)
    {
      gint64 start;

      test_run ("nft add table ip theirs%u", i);
      start = get_time ();
      g_assert_cmpuint (backend_fixture_lay (f->backend, ruleset), ==, 0);
      best = MIN (best, get_time () - start);
    }
  memory = get_memory () - memory;
  g_test_message ("%u kB, %d us", memory, (int) (best / 1000));
  g_assert_cmpuint (memory, <, 10 * 1024);
  g_assert_cmpint (best, <, 10 * 1000 * 1000);
}

/* Somebody listens to everything, and never reads. */
static void
test_monitor (Fixture       *f,
              gconstpointer  data)
{
  const char *argv[] = { "nft", "monitor", NULL };
  g_autofree char *home = NULL, *again = NULL;
  g_autoptr(GError) error = NULL;
  GPid pid;

  /* nft lists sets in the order in which they came, and those of the other place have been there first. */
  backend_fixture_lay (f->backend, f->away);
  backend_fixture_lay (f->backend, f->home);
  home = read_ours ();
  g_spawn_async (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, &pid,
                 &error);
  g_assert_no_error (error);
  /* Until it is in a group. */
  test_run ("until grep -Eq '^[^ ]+ +12 +%d +0*[1-9]' /proc/net/netlink; do sleep 0.01; done", (int) pid);
  kill (pid, SIGSTOP);
  for (guint i = 0; i < 1000; i++)
    g_assert_cmpuint (backend_fixture_lay (f->backend, i % 2 == 0 ? f->away : f->home), ==, 1);
  again = read_ours ();
  /* If it were left behind, whoever reads what this test says would wait for it. */
  kill (pid, SIGKILL);
  g_spawn_close_pid (pid);
  g_assert_cmpstr (again, ==, home);
}

/* Then our reading was of a table that may have changed.  We read again, and nobody's work is lost. */
static void
test_between (Fixture       *f,
              gconstpointer  data)
{
  g_autofree char *all = NULL;

  wire.n_meddled = 3;
  g_assert_cmpuint (backend_fixture_lay (f->backend, f->home), ==, 1);
  g_assert_cmpuint (wire.n_batches, ==, 4);
  all = test_output ("nft list tables");
  g_assert_cmpstr (all, ==, "table ip theirs1\ntable ip theirs2\ntable ip theirs3\ntable inet nm-divert\n");
}

static void
assert_busy (Fixture *f)
{
  DivertApplied applied = { 0, 0, FALSE };
  g_autoptr(GError) error = NULL;

  g_assert_false (f->backend->klass->apply (f->backend, f->away, &applied, &error));
  g_assert_error (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_BUSY);
  g_assert_cmpuint (applied.writes, ==, 0);
  g_assert_false (applied.guarded);
}

/* If that never ends, we give up for now, and what was there stays. */
static void
test_always_between (Fixture       *f,
                     gconstpointer  data)
{
  g_autofree char *before = NULL, *after = NULL;

  backend_fixture_lay (f->backend, f->home);
  before = read_ours ();
  wire.n_batches = 0;
  wire.n_meddled = G_MAXUINT;
  assert_busy (f);
  after = read_ours ();
  g_assert_cmpstr (before, ==, after);
  wire.n_meddled = 0;
  g_assert_cmpuint (backend_fixture_lay (f->backend, f->away), ==, 1);
}

static void
test_busy (Fixture       *f,
           gconstpointer  data)
{
  backend_fixture_lay (f->backend, f->home);
  wire.failure = EBUSY;
  assert_busy (f);
  g_assert_cmpuint (backend_fixture_lay (f->backend, f->away), ==, 1);
}

/* Whatever refers to our chains and sets, so that the kernel wouldn't let them go. */
static void
test_in_use (Fixture       *f,
             gconstpointer  data)
{
  g_autofree char *whole = NULL, *mended = NULL;

  backend_fixture_lay (f->backend, f->home);
  whole = read_ours ();
  test_run ("nft 'add chain inet nm-divert strange { type filter hook prerouting priority 0; }; "
            "add rule inet nm-divert strange jump grants; add rule inet nm-divert strange meta l4proto @tcp-udp "
            "goto to-proxy; add rule inet nm-divert deliver meta l4proto @tcp-udp jump grants'");
  g_assert_cmpuint (backend_fixture_lay (f->backend, f->home), ==, 1);
  mended = read_ours ();
  g_assert_cmpstr (mended, ==, whole);
}

static void
on_touched (const DivertProgram *program,
            gpointer             user_data)
{
  if (program == NULL)
    test_on_call (user_data);
}

/* Others write more than fits into our socket, and then in our table: the news of that are lost. */
static void
test_lost_news (Fixture       *f,
                gconstpointer  data)
{
  guint n_unknown = 0;

  f->backend->klass->watch (f->backend, on_touched, &n_unknown);
  backend_fixture_lay (f->backend, f->home);
  test_run ("{ echo 'table ip crowd { chain c {'; "
            "for i in $(seq 5000); do echo 'counter comment \"one of many\"'; done; "
            "echo '}; }'; } > crowd && nft -f crowd && rm crowd && nft flush chain inet nm-divert deliver");
  g_assert_true (test_wait (5000, test_was_called, &n_unknown));
  g_assert_cmphex (f->backend->klass->find_drift (f->backend, FALSE), ==, 1u << DIVERT_PART_NFTABLES);
  g_assert_cmpuint (backend_fixture_lay (f->backend, f->home), ==, 1);
  g_assert_cmphex (f->backend->klass->find_drift (f->backend, FALSE), ==, 0);
}

int
main (int    argc,
      char **argv)
{
  static const struct
  {
    const char *name;
    void      (*test) (Fixture *, gconstpointer);
  } cases[] = {
    { "long", test_long },       { "crowd", test_crowd },     { "monitor", test_monitor }, { "between", test_between },
    { "always-between", test_always_between }, { "busy", test_busy }, { "in-use", test_in_use },
    { "lost-news", test_lost_news },
  };

  test_needs ("nft", NULL);
  test_needs_namespaces ();
  g_test_init (&argc, &argv, NULL);
  test_directory_enter ();
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/nftables/hostile/%s", cases[i].name);

      g_test_add (path, Fixture, NULL, set_up, cases[i].test, tear_down);
    }
  return g_test_run ();
}
