/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guard of the intranets in a real kernel: read back with nft, and tried with packets.
 */
#include "guard-fixture.h"
#include "namespace.h"
#include "system/filter/backend.h"
#include "unowned.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TABLE "inet nm-divert-guard"

typedef GuardFixture Fixture;

static void
set_up (Fixture       *f,
        gconstpointer  user_data)
{
  guard_fixture_set_up (f, NULL);
  /* The NAS need not be there: that its packets go out is enough. */
  test_run ("ip link add eth0 type veth peer name far0; ip link set eth0 addrgenmode none; "
            "ip link set far0 addrgenmode none; ip link set far0 up; ip link set eth0 up; "
            "ip addr add 192.168.22.33/24 dev eth0; ip -6 addr add fd00:22::33/64 dev eth0 nodad; "
            "ip neigh add 192.168.22.99 lladdr 02:00:00:00:00:99 dev eth0; "
            "ip neigh add fd00:22::99 lladdr 02:00:00:00:00:99 dev eth0");
  test_run ("timeout 10 sh -c "
            "'until ip -6 route show table local | grep -q \"local .*dev eth0\"; do sleep 0.01; done'");
}

/* Says whether that was a write. */
static gboolean
apply (DivertGuard         *guard,
       const DivertRuleset *ruleset)
{
  g_autoptr(GError) error = NULL;
  gboolean wrote;

  divert_guard_apply (guard, ruleset, TRUE, &wrote, &error);
  g_assert_no_error (error);
  return wrote;
}

static void
replace_guard (Fixture *f,
               guint    lifetime_ms)
{
  divert_guard_free (f->guard);
  f->guard = divert_guard_new (lifetime_ms);
}

static char *
list (void)
{
  return test_output ("nft -s list table " TABLE);
}

static gboolean
is_there (void)
{
  g_autofree char *tables = test_output ("nft list tables");

  return strstr (tables, TABLE) != NULL;
}

static guint
count_granted (void)
{
  g_autofree char *elements = test_output ("nft list set " TABLE " granted");

  return test_count (elements, "timeout 1h");
}

/* Sends a datagram by a socket that is bound to the device, and so asks for its routes alone; did it leave? */
static gboolean
leaves (DivertFamily family)
{
  const struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons (9),
                                  .sin_addr = { inet_addr ("192.168.22.99") } };
  struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons (9) };
  const int fd = socket (family == DIVERT_FAMILY_IPV6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ssize_t n;

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (setsockopt (fd, SOL_SOCKET, SO_BINDTODEVICE, "eth0", 5), ==, 0);
  inet_pton (AF_INET6, "fd00:22::99", &v6.sin6_addr);
  if (family == DIVERT_FAMILY_IPV6)
    n = sendto (fd, "x", 1, 0, (const struct sockaddr *) &v6, sizeof v6);
  else
    n = sendto (fd, "x", 1, 0, (const struct sockaddr *) &v4, sizeof v4);
  close (fd);
  return n == 1;
}

static gboolean
any_leaves (void)
{
  const gboolean by4 = leaves (DIVERT_FAMILY_IPV4), by6 = leaves (DIVERT_FAMILY_IPV6);

  g_assert_cmpint (by4, ==, by6);
  return by4;
}

static void
test_packets (Fixture       *f,
              gconstpointer  user_data)
{
  guint64 dropped = 0;

  g_assert_true (any_leaves ());
  g_assert_true (apply (f->guard, f->away));
  g_assert_false (any_leaves ());
  g_assert_true (divert_guard_count_dropped (&dropped));
  g_assert_cmpuint (dropped, ==, 2);

  g_assert_true (apply (f->guard, f->home));
  g_assert_true (any_leaves ());
  g_assert_true (apply (f->guard, f->away));
  g_assert_false (any_leaves ());
  g_assert_true (apply (f->guard, f->none));
  g_assert_true (any_leaves ());
  g_assert_false (is_there ());
}

static void
test_nothing_to_change (Fixture       *f,
                        gconstpointer  user_data)
{
  const DivertRuleset *const places[] = { f->away, f->home, f->none };

  g_assert_false (apply (f->guard, f->none));
  g_assert_false (divert_guard_is_there (f->guard));
  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_assert_true (apply (f->guard, places[i]));
      g_assert_false (apply (f->guard, places[i]));
      /* Somebody else's write changes the generation, and nothing here. */
      test_run ("nft add table ip theirs && nft delete table ip theirs");
      g_assert_false (apply (f->guard, places[i]));
    }
}

/* What nft lists, without layout: words, and neither comments on chains and tables nor counters. */
static char *
normalize (const char *text)
{
  g_auto(GStrv) lines = g_strsplit (text, "\n", -1);
  g_autoptr(GString) out = g_string_new (NULL);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *line = g_strstrip (lines[i]);

      if (!g_str_has_prefix (line, "comment ") && line[0] != '\0')
        g_string_append_printf (out, "%s\n", line);
    }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

static void
test_text (Fixture       *f,
           gconstpointer  user_data)
{
  const DivertRuleset *const places[] = { f->away, f->home };

  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_autofree char *text = divert_guard_to_text (places[i], TRUE, NEVER_MS);
      g_autofree char *by_nft = NULL, *ours = NULL, *theirs = NULL;
      g_autoptr(GError) error = NULL;

      g_file_set_contents ("/tmp/guard.nft", text, -1, &error);
      g_assert_no_error (error);
      test_run ("nft -c -f /tmp/guard.nft");
      apply (f->guard, places[i]);
      ours = list ();
      test_run ("nft delete table " TABLE " && nft -f /tmp/guard.nft");
      theirs = list ();
      test_run ("nft delete table " TABLE "; rm /tmp/guard.nft");
      by_nft = normalize (theirs);
      g_free (g_steal_pointer (&theirs));
      theirs = normalize (ours);
      g_assert_cmpstr (theirs, ==, by_nft);
    }
}

static void
test_lapses (Fixture       *f,
             gconstpointer  user_data)
{
  replace_guard (f, 200);
  g_assert_true (divert_guard_renew (f->guard));
  apply (f->guard, f->home);
  /* Nobody renews. */
  while (leaves (DIVERT_FAMILY_IPV4))
    g_usleep (1000);
  /* It isn't renewed now; a run has to look. */
  g_assert_false (divert_guard_renew (f->guard));
  g_assert_false (any_leaves ());
  g_assert_true (apply (f->guard, f->home));
  g_assert_true (divert_guard_renew (f->guard));
}

/* FALSE: the machine was so busy that the grant may have lapsed, so that nothing can be said. */
static gboolean
renew_for_long (Fixture *f)
{
  const gint64 start = g_get_monotonic_time ();
  gint64 renewed = start, now;

  replace_guard (f, 500);
  apply (f->guard, f->home);
  do
    {
      const gint64 before = renewed;
      gboolean lives;

      renewed = g_get_monotonic_time ();
      lives = divert_guard_renew (f->guard) && leaves (DIVERT_FAMILY_IPV4) && leaves (DIVERT_FAMILY_IPV6);
      now = g_get_monotonic_time ();
      if (now > before + 450 * G_TIME_SPAN_MILLISECOND)
        return FALSE;
      g_assert_true (lives);
    }
  while (now < start + 1500 * G_TIME_SPAN_MILLISECOND);
  return TRUE;
}

static void
test_renewed (Fixture       *f,
              gconstpointer  user_data)
{
  for (guint tries = 1; !renew_for_long (f); tries++)
    g_assert_cmpuint (tries, <, 50);
  replace_guard (f, NEVER_MS);
  apply (f->guard, f->home);
  g_assert_true (divert_guard_renew (f->guard));
  /* Not a write. */
  g_assert_false (apply (f->guard, f->home));
  /* With other people's writes in between. */
  test_run ("nft add table ip theirs");
  g_assert_true (divert_guard_renew (f->guard));
  g_assert_false (apply (f->guard, f->home));
  apply (f->guard, f->away);
  g_assert_true (divert_guard_renew (f->guard));
  g_assert_false (any_leaves ());
}

/* Under the service manager's watchdog. */
static void
test_stays (Fixture       *f,
            gconstpointer  user_data)
{
  replace_guard (f, 0);
  apply (f->guard, f->home);
  test_run ("table=$(nft list table " TABLE ") && ! echo \"$table\" | grep -q expires");
  g_assert_true (divert_guard_renew (f->guard));
  g_assert_false (apply (f->guard, f->home));
  g_assert_true (any_leaves ());
  g_assert_true (apply (f->guard, f->away));
  g_assert_false (any_leaves ());
}

static void
test_taken_away (Fixture       *f,
                 gconstpointer  user_data)
{
  static const char *const hands[] = {
    "flush ruleset", "delete table " TABLE, "flush table " TABLE, "flush chain " TABLE " grants",
    "flush chain " TABLE " leaving-intranet", "insert rule " TABLE " guard accept", "add chain " TABLE " more",
    "flush set " TABLE " granted", "'add table " TABLE " { flags dormant; }'",
    "'add chain " TABLE " guard { policy drop; }'", "'add set " TABLE " granted { type ifname; timeout 1s; }'",
  };

  apply (f->guard, f->home);
  for (guint i = 0; i < G_N_ELEMENTS (hands); i++)
    {
      g_autofree char *before = list (), *after = NULL;

      test_run ("nft %s", hands[i]);
      g_assert_true (divert_guard_find_drift (f->guard));
      g_assert_true (apply (f->guard, f->home));
      g_assert_false (divert_guard_find_drift (f->guard));
      after = list ();
      g_assert_cmpuint (count_granted (), ==, 1);
      g_assert_true (any_leaves ());
      g_assert_cmpuint (test_count (after, "\n"), ==, test_count (before, "\n"));
    }
  test_run ("nft flush ruleset");
  g_assert_false (divert_guard_renew (f->guard));
}

static void
on_touched (const DivertProgram *program,
            gpointer             user_data)
{
  test_on_call (user_data);
}

/* What isn't drift. */
static void
test_drift (Fixture       *f,
            gconstpointer  user_data)
{
  guint calls = 0;

  g_assert_false (divert_guard_find_drift (f->guard));
  replace_guard (f, 500);
  divert_guard_watch (f->guard, on_touched, &calls);
  apply (f->guard, f->home);
  g_assert_false (divert_guard_find_drift (f->guard));
  test_run ("nft add table ip theirs");
  g_assert_true (test_wait (10000, test_was_called, &calls));
  g_assert_false (divert_guard_find_drift (f->guard));
  while (leaves (DIVERT_FAMILY_IPV4))
    g_usleep (1000);
  test_run ("nft delete table ip theirs");
  g_assert_false (divert_guard_find_drift (f->guard));
  apply (f->guard, f->away);
  g_assert_false (divert_guard_find_drift (f->guard));
  apply (f->guard, f->none);
  test_run ("nft add table ip theirs");
  g_assert_false (divert_guard_find_drift (f->guard));
}

static void
test_withdrawn (Fixture       *f,
                gconstpointer  user_data)
{
  g_autoptr(GError) error = NULL;

  divert_guard_withdraw (f->guard, &error);
  g_assert_no_error (error);
  g_assert_false (is_there ());

  apply (f->guard, f->home);
  /* As another process does. */
  replace_guard (f, NEVER_MS);
  divert_guard_withdraw (f->guard, &error);
  g_assert_no_error (error);
  g_assert_false (any_leaves ());
  g_assert_true (apply (f->guard, f->home));
  g_assert_true (any_leaves ());
}

/* After a crash. */
static void
test_adopted (Fixture       *f,
              gconstpointer  user_data)
{
  apply (f->guard, f->away);
  replace_guard (f, NEVER_MS);
  g_assert_false (apply (f->guard, f->away));
  g_assert_true (divert_guard_is_there (f->guard));

  apply (f->guard, f->home);
  replace_guard (f, NEVER_MS);
  /* Nobody knows how long they live yet. */
  g_assert_true (apply (f->guard, f->home));
  g_assert_cmpuint (count_granted (), ==, 1);
  replace_guard (f, NEVER_MS);
  g_assert_true (apply (f->guard, f->away));
  g_assert_cmpuint (count_granted (), ==, 0);
  replace_guard (f, NEVER_MS);
  g_assert_true (apply (f->guard, f->none));
  g_assert_false (is_there ());
}

static void
test_foreign (Fixture       *f,
              gconstpointer  user_data)
{
  g_autofree char *before = NULL, *after = NULL;
  g_autoptr(GError) error = NULL;
  gboolean wrote;

  test_run ("nft 'table " TABLE " { set granted { type ifname; elements = { \"eth0\" }; }; "
            "chain grants { accept; }; }'");
  before = list ();
  g_assert_false (divert_guard_apply (f->guard, f->away, TRUE, &wrote, &error));
  g_assert_error (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_FOREIGN);
  g_clear_error (&error);
  g_assert_false (wrote);
  g_assert_false (apply (f->guard, f->none));
  divert_guard_withdraw (f->guard, &error);
  g_assert_no_error (error);
  after = list ();
  g_assert_cmpstr (before, ==, after);
}

static void
test_others_untouched (Fixture       *f,
                       gconstpointer  user_data)
{
  g_autofree char *before = NULL, *after = NULL;

  test_run ("nft 'table inet theirs { set s { type ipv4_addr; flags timeout; elements = { 192.0.2.1 timeout 1h }; }; "
            "chain post { type filter hook postrouting priority 0; policy accept; ip daddr @s counter accept; }; }; "
            "table ip nm-divert-guard { chain grants { accept; }; }'");
  before = test_output ("nft -s -a list ruleset");
  apply (f->guard, f->away);
  apply (f->guard, f->home);
  divert_guard_renew (f->guard);
  apply (f->guard, f->none);
  after = test_output ("nft -s -a list ruleset");
  g_assert_cmpstr (after, ==, before);
}

/* Somebody adds to a table that is larger than one answer. */
static void
test_many (Fixture       *f,
           gconstpointer  user_data)
{
  g_autoptr(DivertRuleset) many = expansion_make_ruleset (2000, DIVERT_MODE_AUTO);

  g_assert_true (apply (f->guard, many));
  g_assert_false (apply (f->guard, many));
  replace_guard (f, NEVER_MS);
  g_assert_true (apply (f->guard, many));
  g_assert_true (any_leaves ());
}

#define ADD(path, function) g_test_add ("/guard/" path, Fixture, NULL, set_up, function, guard_fixture_tear_down)

int
main (int    argc,
      char **argv)
{
  test_needs ("nft", "ip", NULL);
  test_needs_namespaces ();
  g_test_init (&argc, &argv, NULL);
  ADD ("packets", test_packets);
  ADD ("nothing-to-change", test_nothing_to_change);
  ADD ("text", test_text);
  ADD ("lapses", test_lapses);
  ADD ("renewed", test_renewed);
  ADD ("stays", test_stays);
  ADD ("taken-away", test_taken_away);
  ADD ("drift", test_drift);
  ADD ("withdrawn", test_withdrawn);
  ADD ("adopted", test_adopted);
  ADD ("foreign", test_foreign);
  ADD ("others-untouched", test_others_untouched);
  ADD ("many", test_many);
  return g_test_run ();
}
