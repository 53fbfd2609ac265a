/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Beacons: who is believed, what a stranger's server can do to us, and when they are asked again. */
#include "beacon-fixture.h"

#include <signal.h>
#include <string.h>
#include <time.h>

static void
test_key (void)
{
  DivertSite *ipv4 = make_site ("home", "192.168.22.1", 443), *ipv6 = make_site ("home", "fd00:22::1", 443);
  DivertSite *tls12 = make_site ("home", "192.168.22.1", 444);

  use (patient);
  assert_answer (ipv4, self.home, MARK, NULL);
  assert_answer (ipv6, self.home, MARK, NULL);
  assert_answer (tls12, self.home, MARK, NULL);
  /* The same address on the other cable. */
  assert_answer (ipv4, self.evil, MARK, "another key, sha256:");
  assert_answer (ipv6, self.evil, MARK, "another key, sha256:");
}

static void
test_failures (void)
{
  DivertBeaconLimits hasty = patient;

  use (patient);
  assert_answer (make_site ("home", "192.168.22.1", 80), self.home, MARK, "Connection refused");
  assert_answer (make_site ("home", "192.168.22.1", PORT_GARBAGE), self.home, MARK, "");

  hasty.answer_ms = 100;
  use (hasty);
  assert_answer (make_site ("home", "192.168.22.1", PORT_SILENCE), self.home, MARK, "no answer in time");
  assert_answer (make_site ("home", "192.168.22.99", 443), self.home, MARK, "no answer in time");
  /* Without the mark, our own rules would divert it. */
  assert_answer (make_site ("home", "192.168.22.1", 443), self.home, 0x200, "no answer in time");
}

/* The processor time that this process has used, in µs.  A busy machine doesn't affect it. */
static gint64
cpu_time (void)
{
  struct timespec used;

  g_assert_no_errno (clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &used));
  return used.tv_sec * G_USEC_PER_SEC + used.tv_nsec / 1000;
}

typedef struct
{
  gint64 last;
  gint64 longest; /* between two turns */
} Beat;

static gboolean
on_beat (gpointer user_data)
{
  Beat *beat = user_data;
  gint64 now = cpu_time ();

  beat->longest = MAX (beat->longest, now - beat->last);
  beat->last = now;
  return G_SOURCE_CONTINUE;
}

/* A key is compared with the pin before anything is computed with it, which would take many seconds. */
static void
test_absurd_key (void)
{
  gint64 used;

  run_shell ("until ip netns exec home ss -Hlnt 'sport = :83' | grep -q .; do sleep 0.01; done");
  use (patient);
  used = cpu_time ();
  assert_answer (make_site ("home", "192.168.22.1", PORT_ABSURD), self.home, MARK, "another key, sha256:");
  g_assert_cmpint (cpu_time () - used, <, G_USEC_PER_SEC);
}

static guint
count_threads (void)
{
  g_autoptr(GDir) tasks = g_dir_open ("/proc/self/task", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (tasks) != NULL)
    n++;
  return n;
}

static gboolean
has_threads (gpointer user_data)
{
  return count_threads () <= GPOINTER_TO_UINT (user_data);
}

/* If nobody waits for a thread's answer any more, the thread ends at once.  If nobody answers the thread, it ends at
 * its deadline. */
static void
test_abandoned (void)
{
  DivertSite *silent = make_site ("home", "192.168.22.1", PORT_SILENCE),
  *nobody = make_site ("home", "192.168.22.98", 443);
  const guint before = 1;
  DivertBeaconLimits hasty = patient;
  guint n, tries = 0;
  gint64 start;

  hasty.answer_ms = 1000;
  use (hasty);
  do
    {
      g_assert_cmpuint (tries++, <, 20);
      g_assert_true (private_system_wait (has_threads, GUINT_TO_POINTER (before), PATIENCE_MS));
      start = g_get_monotonic_time ();
      divert_beacons_ask (self.beacons, silent, self.home, MARK);
      divert_beacons_ask (self.beacons, nobody, self.evil, MARK);
      n = count_threads ();
      divert_beacons_distrust (self.beacons, 0);
    }
  /* On a busy machine, their deadline may have come before they were counted. */
  while (g_get_monotonic_time () - start > G_USEC_PER_SEC / 2);
  g_assert_cmpuint (n, ==, before + 2);
  g_assert_true (private_system_wait (has_threads, GUINT_TO_POINTER (before), PATIENCE_MS));
  assert_answer (silent, self.home, MARK, "no answer in time");
  g_assert_true (private_system_wait (has_threads, GUINT_TO_POINTER (before), PATIENCE_MS));
}

/* Threads may not end, because they compute or because the kernel is slow.  There are never many of them. */
static void
test_bounded (void)
{
  DivertSite *sites[20];

  for (guint i = 0; i < G_N_ELEMENTS (sites); i++)
    {
      g_autofree char *name = g_strdup_printf ("site%u", i);

      sites[i] = make_site (name, "192.168.22.98", 443);
      divert_beacons_ask (self.beacons, sites[i], self.home, MARK);
    }
  g_assert_cmpuint (count_threads (), <, G_N_ELEMENTS (sites));
  divert_beacons_distrust (self.beacons, 0);
  /* The next one waits until one of them ends, and is answered. */
  assert_answer (make_site ("home", "192.168.22.1", 80), self.home, MARK, "Connection refused");
}

/* Meanwhile the thread that revokes must go on. */
static void
test_floods (void)
{
  DivertBeaconLimits limits = patient;
  Beat beat = { cpu_time (), 0 };
  guint id = g_timeout_add (5, on_beat, &beat);

  limits.answer_ms = 500;
  use (limits);
  for (guint i = 0; i < N_FLOODS; i++)
    assert_answer (make_site ("home", "192.168.22.1", PORT_FLOOD + i), self.home, MARK, "");
  on_beat (&beat);
  g_source_remove (id);
  g_test_message ("the longest turn: %.1f ms", beat.longest / 1000.0);
  g_assert_cmpint (beat.longest, <, 200 * 1000);
}

static gboolean
has_changed (gpointer user_data)
{
  return self.changes > GPOINTER_TO_UINT (user_data);
}

static void
expect_change (guint *changes)
{
  g_assert_true (private_system_wait (has_changed, GUINT_TO_POINTER (*changes), PATIENCE_MS));
  *changes = self.changes;
}

/* Asks, and asks once more after the answer.  Returns how many ms later something came after the answer. */
static gint64
ask_and_wait (const DivertSite *site,
              const char       *failure)
{
  gint64 start = g_get_monotonic_time ();
  guint changes;

  assert_answer (site, self.home, MARK, failure);
  changes = self.changes;
  divert_beacons_ask (self.beacons, site, self.home, MARK);
  expect_change (&changes);
  return (g_get_monotonic_time () - start) / 1000;
}

/* The same for a question that may be repeated. */
static gint64
ask_again_and_wait (const DivertSite *site)
{
  gint64 start = g_get_monotonic_time ();
  guint changes = self.changes;

  divert_beacons_ask (self.beacons, site, self.home, MARK);
  expect_change (&changes);
  divert_beacons_ask (self.beacons, site, self.home, MARK);
  expect_change (&changes);
  return (g_get_monotonic_time () - start) / 1000;
}

static void
test_once (void)
{
  DivertSite *good = make_site ("home", "192.168.22.1", 443), *bad = make_site ("home", "192.168.22.1", 80);
  g_autoptr(DivertFacts) gone = NULL, back = NULL;
  DivertBeaconLimits limits = patient;

  /* A proven beacon isn't asked again, and nothing happens by itself before its time.  The same is true for a failed
   * one. */
  limits.renewal_ms = 300;
  limits.retry_first_ms = 200;
  use (limits);
  g_assert_cmpint (ask_and_wait (good, NULL), >=, limits.renewal_ms);
  g_assert_cmpint (ask_and_wait (bad, "refused"), >=, limits.retry_first_ms);
  /* After each further failure the wait doubles, up to a limit. */
  limits.retry_last_ms = 350;
  use (limits);
  g_assert_cmpint (ask_and_wait (bad, "refused"), >=, limits.retry_first_ms);
  g_assert_cmpint (ask_again_and_wait (bad), >=, 350);
  g_assert_cmpint (ask_again_and_wait (bad), >=, 350);

  /* Another key for the same name is another question. */
  good->beacon.sha256[0] ^= 1;
  assert_answer (good, self.home, MARK, "another key");

  /* When a link is gone, its answers are gone too. */
  self.home += 1000;
  gone = gather ();
  self.home -= 1000;
  back = gather ();
  g_assert_cmpuint (gone->beacons->len, ==, 0);
  g_assert_cmpuint (back->beacons->len, ==, 0);
}

static guint
keep (const char *key)
{
  g_autoptr(DivertConfig) config = divert_config_new ();
  g_autoptr(DivertFacts) facts = NULL;
  g_autofree char *text = g_strdup_printf ("[proxy]\ngroup=1\n[site home]\nintranet=192.168.22.0/24\nzone=home\n"
                                           "beacon=tls://192.168.22.1:443 sha256:%s\n", key);
  g_autoptr(GError) error = NULL;

  divert_config_add (config, "config", text, strlen (text), &error);
  g_assert_no_error (error);
  divert_beacons_keep (self.beacons, config);
  facts = gather ();
  return facts->beacons->len;
}

/* The configuration was read again.  What the old beacon has proven doesn't count for the new one. */
static void
test_reconfigured (void)
{
  g_autoptr(GString) key = g_string_new (NULL);

  for (guint i = 0; i < sizeof self.key; i++)
    g_string_append_printf (key, "%02x", self.key[i]);
  use (patient);
  assert_answer (make_site ("home", "192.168.22.1", 443), self.home, MARK, NULL);
  g_assert_cmpuint (keep (key->str), ==, 1);
  key->str[0] = key->str[0] == '0' ? '1' : '0';
  g_assert_cmpuint (keep (key->str), ==, 0);
}

static gboolean
is_not_proven (gpointer user_data)
{
  return !is_proven ();
}

/* A good answer is renewed after its time.  It holds until the new one arrives, and ends if the new one is bad. */
static void
test_renewal (void)
{
  DivertSite *site = make_site ("home", "192.168.22.1", 445);
  GPid server = spawn_server ("home", "445", NULL);
  DivertBeaconLimits limits = patient;
  guint changes;

  limits.renewal_ms = 100;
  use (limits);
  assert_answer (site, self.home, MARK, NULL);
  changes = self.changes;
  expect_change (&changes);
  g_assert_true (is_proven ());
  divert_beacons_ask (self.beacons, site, self.home, MARK);
  g_assert_true (is_proven ());
  expect_change (&changes);
  g_assert_true (is_proven ());

  kill (server, SIGKILL);
  expect_change (&changes);
  divert_beacons_ask (self.beacons, site, self.home, MARK);
  g_assert_true (is_proven ());
  expect_change (&changes);
  g_assert_false (is_proven ());
}

/* If nobody asks again, the proof ends by itself. */
static void
test_nobody_renews (void)
{
  DivertBeaconLimits limits = patient;
  gint64 start = g_get_monotonic_time ();

  limits.renewal_ms = 300;
  limits.slack_ms = 700;
  use (limits);
  assert_answer (make_site ("home", "192.168.22.1", 443), self.home, MARK, NULL);
  g_assert_true (private_system_wait (is_not_proven, NULL, PATIENCE_MS));
  g_assert_cmpint (g_get_monotonic_time () - start, >=, G_USEC_PER_SEC);
}

/* A link that is distrusted again and again doesn't cause just as many questions. */
static void
test_allowance (void)
{
  DivertSite *site = make_site ("home", "192.168.22.1", 443);
  DivertBeaconLimits limits = patient;
  g_autofree char *command = NULL;
  gint64 start;

  limits.in_a_row = 10;
  limits.spacing_ms = 400;
  use (limits);
  site->beacon.sha256[0] ^= 1;
  run_shell ("XTABLES_LOCKFILE=/run/xtables.lock iptables-legacy -I OUTPUT -o home -p tcp --dport 443 --syn");
  start = g_get_monotonic_time ();
  /* The usual few questions are asked at once. */
  for (guint i = 0; i < 5; i++)
    assert_answer (site, self.home, MARK, "another key");
  for (guint i = 0; i < 1000; i++)
    {
      divert_beacons_distrust (self.beacons, self.home);
      divert_beacons_ask (self.beacons, site, self.home, MARK);
      divert_beacons_ask (self.beacons, site, self.home, MARK);
    }
  /* When its turn comes, we hear of it, and the question is asked. */
  while (!is_decided (NULL))
    {
      guint changes = self.changes;

      expect_change (&changes);
      divert_beacons_ask (self.beacons, site, self.home, MARK);
    }
  /* The limit depends on how long this took. */
  command = g_strdup_printf ("export XTABLES_LOCKFILE=/run/xtables.lock;"
                             "n=$(iptables-legacy -nvxL OUTPUT | awk '/dpt:443/ { print $1 }');"
                             "test $n -ge 6 && test $n -le %" G_GINT64_FORMAT,
                             limits.in_a_row + 1 + (g_get_monotonic_time () - start) / 1000 / limits.spacing_ms);
  run_shell (command);
}

int
main (int    argc,
      char **argv)
{
  int status;

  if (be_misbehaving_server (argc, argv, &status))
    return status;

  test_needs_namespaces ();
  test_needs ("ip", "ss", "openssl", "iptables-legacy", "ip6tables-legacy", NULL);
  private_system_enter ();
  g_test_init (&argc, &argv, NULL);
  start_hosts ();
  set_up ();

  g_test_add_func ("/beacon/key", test_key);
  g_test_add_func ("/beacon/failures", test_failures);
  g_test_add_func ("/beacon/absurd-key", test_absurd_key);
  g_test_add_func ("/beacon/abandoned", test_abandoned);
  g_test_add_func ("/beacon/bounded", test_bounded);
  g_test_add_func ("/beacon/floods", test_floods);
  g_test_add_func ("/beacon/once", test_once);
  g_test_add_func ("/beacon/reconfigured", test_reconfigured);
  g_test_add_func ("/beacon/renewal", test_renewal);
  g_test_add_func ("/beacon/nobody-renews", test_nobody_renews);
  g_test_add_func ("/beacon/allowance", test_allowance);
  status = g_test_run ();
  tear_down ();
  return status;
}
