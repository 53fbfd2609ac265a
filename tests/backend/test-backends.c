/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What backend.h promises, for each backend, in a kernel.  The tests are the same for all of them.  What is special to
 * one backend has tests of its own.
 */
#include <arpa/inet.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../unit/expansion.h"
#include "backend-fixture.h"
#include "sandbox.h"
#include "system/filter/iptables/iptables.h"
#include "system/filter/nftables/nftables.h"
#include "unowned.h"

typedef struct
{
  DivertBackend *(*create) (void);
  const char *read;           /* shows everything in the kernel, including others' rules, without counters */
  const char *lay_foreign;    /* somebody else's rules */
  /* What somebody else does to our rules.  Each change must be found and repaired, or, if they belong to us, fail. */
  const char *edits[4];
  gboolean    owned;
} Kind;

static const Kind iptables = {
  .create = divert_backend_iptables_new,
  .read = "for t in mangle nat; do for i in iptables ip6tables; do "
          "$i-legacy-save -t $t | sed '/^#/d; s/\\[[0-9:]*\\]//'; done; done",
  .lay_foreign = "for i in iptables-legacy ip6tables-legacy; do $i -w -t mangle -N THEIRS; "
                 "$i -w -t mangle -A THEIRS -j RETURN; $i -w -t mangle -A OUTPUT -j THEIRS; "
                 "$i -w -t nat -A OUTPUT -p tcp --dport 99 -j RETURN; done",
  .edits = {
    "iptables-legacy -w -t mangle -F",
    "ip6tables-legacy -w -t mangle -A DIVERT_GUARD -j RETURN",
    "iptables-legacy -w -t mangle -D LOCAL_DIVERT 2",
    "iptables-legacy -w -t nat -F OUTPUT",
  },
};

#define NFTABLES(is_owned)                                                                                             \
  {                                                                                                                    \
    .create = divert_backend_nftables_new,                                                                             \
    .read = "nft list ruleset | sed 's/packets [0-9]* bytes [0-9]*//'",                                                \
    .lay_foreign = "nft 'table inet theirs { set s { type ipv4_addr; elements = { 10.9.9.9 }; }; chain c { "           \
                   "type filter hook output priority -200; ip daddr @s counter accept; }; }; "                         \
                   "table ip nm-divert { }'",                                                                          \
    .edits = { "nft delete table inet nm-divert", "nft insert rule inet nm-divert guard accept",                       \
               "nft flush chain inet nm-divert output",                                                                \
               "nft add chain inet nm-divert strange '{ type filter hook output priority 0; }'" },                     \
    .owned = is_owned,                                                                                                 \
  }
static const Kind nftables = NFTABLES (TRUE);
static const Kind nftables_unowned = NFTABLES (FALSE);

typedef struct
{
  const Kind    *kind;
  DivertBackend *backend;
  DivertRuleset *home, *away, *nothing;
} Fixture;

/* @n_prefixes of them differ each time. */
static DivertRuleset *
make_ruleset (guint    n_prefixes,
              gboolean home)
{
  DivertRuleset *ruleset = expansion_make_ruleset (n_prefixes, DIVERT_MODE_AUTO);

  if (!home)
    expansion_take_grants (ruleset);
  return ruleset;
}

static void
set_up (Fixture       *f,
        gconstpointer  kind)
{
  sandbox_enter ();
  f->kind = kind;
  test_unowned = !f->kind->owned;
  f->backend = f->kind->create ();
  f->home = make_ruleset (0, TRUE);
  f->away = make_ruleset (0, FALSE);
  f->nothing = divert_ruleset_new_empty ();
}

static void
tear_down (Fixture       *f,
           gconstpointer  kind)
{
  divert_backend_free (f->backend);
  divert_ruleset_unref (f->home);
  divert_ruleset_unref (f->away);
  divert_ruleset_unref (f->nothing);
}

static char *
read_all (Fixture *f)
{
  return test_output ("%s", f->kind->read);
}

static gboolean
is_there (Fixture *f)
{
  g_autoptr(GError) error = NULL;
  gboolean any;

  f->backend->klass->inspect (f->backend, &any, &error);
  g_assert_no_error (error);
  return any;
}

static void
test_twice (Fixture       *f,
            gconstpointer  kind)
{
  g_autofree char *once = NULL, *twice = NULL;

  g_assert_false (is_there (f));
  g_assert_cmpuint (backend_fixture_lay (f->backend, f->home), >, 0);
  g_assert_true (is_there (f));
  once = read_all (f);
  g_assert_cmpuint (backend_fixture_lay (f->backend, f->home), ==, 0);
  twice = read_all (f);
  g_assert_cmpstr (once, ==, twice);
}

/* A new helper takes over what an earlier one has installed.  It may have to make it its own. */
static void
test_taken_over (Fixture       *f,
                 gconstpointer  kind)
{
  backend_fixture_lay (f->backend, f->home);
  divert_backend_free (f->backend);
  f->backend = f->kind->create ();
  g_assert_true (is_there (f));
  g_assert_cmpuint (backend_fixture_lay (f->backend, f->home), ==, f->kind->owned ? 1 : 0);
  g_assert_cmpuint (backend_fixture_lay (f->backend, f->home), ==, 0);
}

/* Going there and back gives the same result, and so does another path. */
static void
test_places (Fixture       *f,
             gconstpointer  kind)
{
  g_autofree char *home = NULL, *away = NULL, *again = NULL;

  backend_fixture_lay (f->backend, f->home);
  home = read_all (f);
  g_assert_cmpuint (backend_fixture_lay (f->backend, f->away), >, 0);
  away = read_all (f);
  g_assert_cmpstr (away, !=, home);
  backend_fixture_lay (f->backend, f->home);
  again = read_all (f);
  g_assert_cmpstr (again, ==, home);
}

static void
test_withdraw (Fixture       *f,
               gconstpointer  kind)
{
  g_autofree char *away = NULL, *withdrawn = NULL;

  g_assert_true (f->backend->klass->withdraw (f->backend, NULL));
  g_assert_false (is_there (f));
  backend_fixture_lay (f->backend, f->away);
  away = read_all (f);
  backend_fixture_lay (f->backend, f->home);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr(GError) error = NULL;

      f->backend->klass->withdraw (f->backend, &error);
      g_assert_no_error (error);
    }
  withdrawn = read_all (f);
  g_assert_cmpstr (withdrawn, ==, away);
  /* What was withdrawn is installed again at home. */
  g_assert_cmpuint (backend_fixture_lay (f->backend, f->home), >, 0);
}

static void
test_foreign (Fixture       *f,
              gconstpointer  kind)
{
  g_autofree char *before = NULL, *after = NULL;

  test_run ("%s", f->kind->lay_foreign);
  before = read_all (f);
  backend_fixture_lay (f->backend, f->home);
  backend_fixture_lay (f->backend, f->away);
  backend_fixture_lay (f->backend, f->nothing);
  after = read_all (f);
  g_assert_cmpstr (after, ==, before);
  g_assert_false (is_there (f));
  g_assert_cmpuint (backend_fixture_lay (f->backend, f->nothing), ==, 0);
}

/* Each edit counts as drift until it is repaired, unless it is refused. */
static void
test_edited (Fixture       *f,
             gconstpointer  kind)
{
  g_autofree char *whole = NULL;

  backend_fixture_lay (f->backend, f->home);
  whole = read_all (f);
  g_assert_cmphex (f->backend->klass->find_drift (f->backend, TRUE), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (f->kind->edits); i++)
    {
      g_autofree char *mended = NULL;

      test_run (f->kind->owned ? "! %s 2>/dev/null" : "%s", f->kind->edits[i]);
      g_assert_cmpint (f->backend->klass->find_drift (f->backend, TRUE) == 0, ==, f->kind->owned);
      g_assert_cmpint (backend_fixture_lay (f->backend, f->home) == 0, ==, f->kind->owned);
      mended = read_all (f);
      g_assert_cmpstr (mended, ==, whole);
      g_assert_cmphex (f->backend->klass->find_drift (f->backend, TRUE), ==, 0);
    }
}

/* What others do elsewhere doesn't cause a write. */
static void
test_others (Fixture       *f,
             gconstpointer  kind)
{
  backend_fixture_lay (f->backend, f->home);
  test_run ("%s", f->kind->lay_foreign);
  g_assert_cmphex (f->backend->klass->find_drift (f->backend, TRUE), ==, 0);
  g_assert_cmpuint (backend_fixture_lay (f->backend, f->home), ==, 0);
}

static void
test_probe (Fixture       *f,
            gconstpointer  kind)
{
  g_autofree char *before = test_output ("nft list ruleset"), *after = NULL;

  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      g_autoptr(GError) error = NULL;

      f->backend->klass->probe (f->backend, family, &error);
      g_assert_no_error (error);
    }
  g_assert_false (is_there (f));
  after = test_output ("nft list ruleset");
  g_assert_cmpstr (before, ==, after);
}

/* As if the packet had been judged and its route to lo were missing. */
static void
send_marked (const char *address)
{
  struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = g_htons (9) };
  const int fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const guint32 mark = 0x17;

  g_assert_cmpint (inet_pton (AF_INET, address, &to.sin_addr), ==, 1);
  g_assert_cmpint (setsockopt (fd, SOL_SOCKET, SO_MARK, &mark, sizeof mark), ==, 0);
  g_assert_cmpint (sendto (fd, "x", 1, 0, (struct sockaddr *) &to, sizeof to), ==, -1);
  close (fd);
}

static void
test_dropped (Fixture       *f,
              gconstpointer  kind)
{
  guint64 before, after;

  test_run ("ip link add eth0 type veth peer name far && ip link set far up && ip link set eth0 up && "
            "ip addr add 10.66.0.5/24 dev eth0 && ip neigh add 10.66.0.1 lladdr 02:00:00:00:66:01 dev eth0");
  backend_fixture_lay (f->backend, f->away);
  g_assert_true (f->backend->klass->count_dropped (f->backend, &before, NULL));
  send_marked ("10.66.0.1");
  g_assert_true (f->backend->klass->count_dropped (f->backend, &after, NULL));
  g_assert_cmpuint (after, ==, before + 1);
}

static void
test_many (Fixture       *f,
           gconstpointer  kind)
{
  g_autoptr(DivertRuleset) home = make_ruleset (1000, TRUE);
  g_autoptr(DivertRuleset) away = make_ruleset (1000, FALSE);
  g_autofree char *before = read_all (f), *after = NULL;

  backend_fixture_lay (f->backend, home);
  g_assert_cmpuint (backend_fixture_lay (f->backend, home), ==, 0);
  backend_fixture_lay (f->backend, away);
  g_assert_cmpuint (backend_fixture_lay (f->backend, away), ==, 0);
  backend_fixture_lay (f->backend, f->home);
  backend_fixture_lay (f->backend, f->nothing);
  after = read_all (f);
  g_assert_cmpstr (before, ==, after);
}

/* As in a container that doesn't own its network: root there is nobody here. */
static int
lay_denied (Fixture *f)
{
  g_autoptr(GError) error = NULL;
  DivertApplied applied = { 0, 0, FALSE };

  if (unshare (CLONE_NEWUSER) != 0)
    return 1;
  if (f->backend->klass->apply (f->backend, f->home, &applied, &error) || applied.writes > 0 || applied.guarded)
    return 2;
  if (!g_error_matches (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_PERMISSION))
    return 3;
  return strstr (error->message, "CAP_NET_ADMIN") != NULL ? 0 : 4;
}

static void
test_denied (Fixture       *f,
             gconstpointer  kind)
{
  int status = 0, pid = fork ();

  g_assert_no_errno (pid);
  if (pid == 0)
    _exit (lay_denied (f));
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_cmpint (status, ==, 0);
  g_assert_false (is_there (f));
}

int
main (int    argc,
      char **argv)
{
  static const struct
  {
    const char *name;
    const Kind *kind;
  } kinds[] = {
    { "iptables", &iptables }, { "nftables", &nftables }, { "nftables-unowned", &nftables_unowned },
  };
  static const struct
  {
    const char *name;
    void      (*test) (Fixture *, gconstpointer);
  } cases[] = {
    { "twice", test_twice },     { "taken-over", test_taken_over }, { "places", test_places },
    { "withdraw", test_withdraw }, { "foreign", test_foreign },     { "edited", test_edited },
    { "others", test_others },   { "probe", test_probe },           { "dropped", test_dropped },
    { "many", test_many },       { "denied", test_denied },
  };

  test_needs ("nft", "iptables-legacy", "ip", NULL);
  test_needs_namespaces ();
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    for (guint j = 0; j < G_N_ELEMENTS (cases); j++)
      {
        g_autofree char *path = g_strdup_printf ("/backends/%s/%s", kinds[i].name, cases[j].name);

        g_test_add (path, Fixture, kinds[i].kind, set_up, cases[j].test, tear_down);
      }
  return g_test_run ();
}
