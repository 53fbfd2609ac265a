/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * More notifications than anybody can use: what they cost, and that none of the others is lost.
 */
#include "kernel-fixture.h"
#include "system/sources/kernel/kernel-read.h"

#include <glib/gstdio.h>
#include <sys/resource.h>
#include <sys/wait.h>

static gint64
cpu_us (void)
{
  struct rusage usage;

  g_assert_no_errno (getrusage (RUSAGE_SELF, &usage));
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * G_USEC_PER_SEC + usage.ru_utime.tv_usec +
         usage.ru_stime.tv_usec;
}

static gboolean
is_gone (gpointer user_data)
{
  const GPid *pid = user_data;

  return waitpid (*pid, NULL, WNOHANG) == *pid;
}

/* Runs the command @n times, with '@' replaced by "0.1" … "49.200", in one ip(8) next to us, and iterates until all is
 * quiet.  Returns our CPU time. */
static gint64
storm (KernelFixture *f,
       guint          n,
       const char    *command)
{
  const char *argv[] = { "ip", "-batch", "storm.batch", NULL };
  g_autoptr(GString) batch = g_string_new (NULL);
  g_autoptr(GError) error = NULL;
  gint64 before;
  GPid pid;

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *number = g_strdup_printf ("%u.%u", i / 200, i % 200 + 1);
      g_autoptr(GString) line = g_string_new (command);

      g_string_replace (line, "@", number, 0);
      g_string_append_printf (batch, "%s\n", line->str);
    }
  g_file_set_contents (argv[2], batch->str, batch->len, &error);
  g_assert_no_error (error);

  kernel_fixture_settle (f);
  before = cpu_us ();
  g_spawn_async (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid, &error);
  g_assert_no_error (error);
  while (!is_gone (&pid))
    test_wait (1, NULL, NULL);
  test_wait (50, NULL, NULL);
  g_remove (argv[2]);
  return cpu_us () - before;
}

static void
test_storm_of_neighbours (KernelFixture *f,
                          gconstpointer  user_data)
{
  gint64 cpu = storm (f, 10000, "neigh replace 10.77.@ lladdr 02:00:00:00:00:01 dev up0");

  g_test_message ("10,000 neighbours: %u calls, %.1f ms", f->n_calls, cpu / 1000.0);
  g_assert_cmpuint (f->n_calls, ==, 0);
  g_assert_cmpint (cpu, <, 1000000);
}

static void
test_storm_of_addresses (KernelFixture *f,
                         gconstpointer  user_data)
{
  gint64 start = g_get_monotonic_time (), cpu = storm (f, 10000, "addr add 10.77.@/32 dev up0");
  gint64 elapsed = g_get_monotonic_time () - start;
  g_autoptr(DivertFacts) facts = NULL;

  g_test_message ("10,000 addresses in %.0f ms: %u calls, %.1f ms", elapsed / 1000.0, f->n_calls, cpu / 1000.0);
  g_assert_cmpuint (f->n_calls, >=, 1);
  g_assert_cmpuint (f->n_calls, <, elapsed / 5000 + 2);
  g_assert_cmpint (cpu, <, 2000000);
  facts = kernel_fixture_gather (f);
  g_assert_cmpuint (divert_facts_find_link (facts, "up0")->addresses->len, ==, 10001);
}

/* Everybody on the link says that he is a router. */
static void
test_storm_of_gateways (KernelFixture *f,
                        gconstpointer  user_data)
{
  g_autoptr(DivertFacts) facts = NULL;
  gint64 cpu;

  test_run ("ip addr add 10.77.200.1/16 dev up0");
  cpu = storm (f, 2000, "route append default via 10.77.@ dev up0");
  g_test_message ("2,000 gateways: %u calls, %.1f ms", f->n_calls, cpu / 1000.0);
  facts = kernel_fixture_gather (f);
  g_assert_cmpuint (divert_facts_find_link (facts, "up0")->gateways->len, ==, DIVERT_KERNEL_MAX_GATEWAYS);
}

/* More notifications than the socket can take, while nobody reads. */
static void
test_lost_notifications (KernelFixture *f,
                         gconstpointer  user_data)
{
  kernel_fixture_settle (f);
  test_run ("seq 1 30000 | sed 's/.*/link set up0 alias &/' >storm.batch; ip -batch storm.batch; rm storm.batch");
  g_assert_true (test_wait (KERNEL_FIXTURE_PATIENCE_MS, test_was_called, &f->n_calls));
  kernel_fixture_settle (f);
  test_run ("ip link set far0 down");
  g_assert_true (test_wait (KERNEL_FIXTURE_PATIENCE_MS, test_was_called, &f->n_calls));
}

int
main (int   argc,
      char *argv[])
{
  test_needs_namespaces ();
  test_needs ("ip", NULL);
  g_test_init (&argc, &argv, NULL);
  test_directory_enter ();

#define ADD(name, test) \
  g_test_add ("/kernel-storms/" name, KernelFixture, NULL, kernel_fixture_set_up, test, kernel_fixture_tear_down)
  ADD ("storm-of-neighbours", test_storm_of_neighbours);
  ADD ("storm-of-addresses", test_storm_of_addresses);
  ADD ("storm-of-gateways", test_storm_of_gateways);
  ADD ("lost-notifications", test_lost_notifications);
#undef ADD
  return g_test_run ();
}
