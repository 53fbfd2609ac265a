/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our table belongs to the socket of the helper: what others do to it meanwhile, who inherits it, and what happens
 * where the kernel can't do that.  All of it under a load, of which nothing may leave.
 */
#include <string.h>

#include "../unit/expansion.h"
#include "backend-fixture.h"
#include "namespace.h"
#include "system/filter/backend.h"
#include "system/filter/guard.h"
#include "system/filter/nftables/nft-socket.h"
#include "system/filter/nftables/nftables.h"
#include "unowned.h"

#define GRANT "ip daddr 192.168.22.0/24 ip saddr"
#define OURS "inet nm-divert"
#define HAS_NO_GRANT "table=$(nft list table " OURS ") && ! echo \"$table\" | grep '" GRANT "'"

typedef struct
{
  DivertBackend *backend;
  DivertRuleset *home, *away, *nothing;
  int            sender;
} Fixture;

/* Counts outside of nftables, where a flush doesn't reach. */
static void
set_up (Fixture       *f,
        gconstpointer  data)
{
  test_namespace_enter ();
  test_unowned = FALSE;
  f->home = expansion_make_ruleset (0, DIVERT_MODE_AUTO);
  f->away = expansion_make_ruleset (0, DIVERT_MODE_AWAY);
  f->nothing = divert_ruleset_new_empty ();
  backend_fixture_plug_in ();
  /* First, because a process that is forked later would keep our socket open. */
  f->sender = test_child_start (backend_fixture_send, NULL);
  f->backend = divert_backend_nftables_new ();
  backend_fixture_lay (f->backend, f->away);
  test_run ("iptables-legacy -t raw -A PREROUTING -i far -p udp --dport 9");
}

static void
tear_down (Fixture       *f,
           gconstpointer  data)
{
  test_child_stop (f->sender);
  divert_backend_free (f->backend);
  divert_ruleset_unref (f->home);
  divert_ruleset_unref (f->away);
  divert_ruleset_unref (f->nothing);
}

static DivertBackend *
renew (Fixture *f)
{
  divert_backend_free (f->backend);
  f->backend = divert_backend_nftables_new ();
  return f->backend;
}

/* The table without what nft says of its owner. */
static char *
read_table (void)
{
  return test_output ("nft -s -a list table " OURS " | sed 's/ *#* progname.*//; s/ # handle.*//; /^\tflags/d'");
}

static guint32
get_generation (void)
{
  g_autoptr(DivertNft) nft = divert_nft_new (NULL);
  g_autoptr(GError) error = NULL;
  guint32 generation;

  divert_nft_get_generation (nft, &generation, &error);
  g_assert_no_error (error);
  return generation;
}

static void
test_flush (Fixture       *f,
            gconstpointer  data)
{
  g_autofree char *before = read_table (), *after = NULL;

  for (guint i = 0; i < 20; i++)
    {
      test_run ("nft add table ip theirs; nft flush ruleset");
      test_run ("tables=$(nft list tables) && ! echo \"$tables\" | grep theirs");
      g_assert_cmphex (f->backend->klass->find_drift (f->backend, TRUE), ==, 0);
    }
  after = read_table ();
  g_assert_cmpstr (after, ==, before);
  g_assert_cmpuint (backend_fixture_lay (f->backend, f->away), ==, 0);
  g_assert_cmpuint (test_count_far (), ==, 0);
}

/* That the load would leave, and the count would show it. */
static void
test_flush_unowned (Fixture       *f,
                    gconstpointer  data)
{
  test_unowned = TRUE;
  backend_fixture_lay (f->backend, f->nothing);
  backend_fixture_lay (renew (f), f->away);
  test_run ("nft flush ruleset; timeout 10 sh -c 'until iptables-legacy-save -c -t raw | grep -q \"^.[1-9].*-i far\"; "
            "do sleep 0.01; done'");
  g_assert_cmphex (f->backend->klass->find_drift (f->backend, TRUE), ==, 1u << DIVERT_PART_NFTABLES);
  g_assert_cmpuint (backend_fixture_lay (f->backend, f->away), ==, 1);
}

static void
test_refused (Fixture       *f,
              gconstpointer  data)
{
  static const char *const edits[] = {
    "delete table " OURS,          "insert rule " OURS " guard accept",      "flush chain " OURS " output",
    "add chain " OURS " strange",  "flush table " OURS,                      "add rule " OURS " grants accept",
    "add set " OURS " s '{ type ipv4_addr; }'",
  };
  g_autofree char *before = read_table (), *after = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (edits); i++)
    test_run ("nft %s 2>&1 | grep -q 'Operation not permitted'", edits[i]);
  after = read_table ();
  g_assert_cmpstr (after, ==, before);
  g_assert_cmphex (f->backend->klass->find_drift (f->backend, TRUE), ==, 0);
  g_assert_cmpuint (test_count_far (), ==, 0);
}

static void
own_and_die (gpointer data)
{
  Fixture *f = data;

  /* The parent's socket belongs to the parent. */
  backend_fixture_lay (divert_backend_nftables_new (), f->away);
  test_child_is_ready ();
}

/* Whoever dies leaves the table, and the next one makes it its own by one write. */
static void
test_inherited (Fixture       *f,
                gconstpointer  data)
{
  g_autofree char *before = NULL, *orphan = NULL, *after = NULL;
  int child;

  test_child_stop (f->sender);
  backend_fixture_lay (f->backend, f->nothing);
  child = test_child_start (own_and_die, f);
  f->sender = test_child_start (backend_fixture_send, NULL);
  before = read_table ();
  test_run ("nft flush ruleset");
  test_child_stop (child);
  orphan = read_table ();
  g_assert_cmpstr (orphan, ==, before);
  g_assert_cmpuint (backend_fixture_lay (renew (f), f->away), ==, 1);
  after = read_table ();
  g_assert_cmpstr (after, ==, before);
  g_assert_cmpuint (backend_fixture_lay (f->backend, f->away), ==, 0);
  test_run ("nft flush ruleset; ! nft delete table " OURS " 2>/dev/null");
  g_assert_cmpuint (test_count_far (), ==, 0);
}

/* From a version, or a kernel, without owners to one with them, and back. */
static void
test_there_and_back (Fixture       *f,
                     gconstpointer  data)
{
  for (guint i = 0; i < 40; i++)
    {
      test_unowned = i % 2 == 0;
      backend_fixture_lay (renew (f), f->away);
      g_assert_cmphex (f->backend->klass->find_drift (f->backend, TRUE), ==, 0);
      g_assert_cmpuint (backend_fixture_lay (f->backend, f->away), ==, 0);
      if (i % 4 != 2)
        continue;
      /* One that doesn't know of owners makes a table anew. */
      backend_fixture_lay (f->backend, f->nothing);
      backend_fixture_lay (f->backend, f->away);
    }
  test_run ("! nft delete table " OURS " 2>/dev/null");
}

/* Without owners, tables are adopted as they are. */
static void
test_not_replaced (Fixture       *f,
                   gconstpointer  data)
{
  for (guint i = 0; i < 40; i++)
    {
      g_autofree char *before = read_table (), *after = NULL;

      test_unowned = i % 2 == 0;
      g_assert_cmpuint (backend_fixture_lay (renew (f), f->away), ==, test_unowned ? 0 : 1);
      after = read_table ();
      g_assert_cmpstr (after, ==, before);
    }
  g_assert_cmpuint (test_count_far (), ==, 0);
}

/* A table that can't get an owner is replaced at one moment. */
static void
test_replaced (Fixture       *f,
               gconstpointer  data)
{
  test_unowned = TRUE;
  test_run ("ip link set eth0 down");
  backend_fixture_lay (f->backend, f->nothing);
  backend_fixture_lay (renew (f), f->away);
  test_run ("ip link set eth0 up && ip route add default via 10.66.0.1 && "
            "ip neigh replace 10.66.0.1 lladdr 02:00:00:00:66:01 dev eth0 nud permanent");
  test_unowned = FALSE;
  g_assert_cmpuint (backend_fixture_lay (renew (f), f->away), ==, 1);
  test_run ("! nft delete table " OURS " 2>/dev/null");
  g_assert_cmpuint (test_count_far (), ==, 0);
}

/* While its owner lives, nobody else withdraws or removes, and is told whom to end. */
static void
test_others (Fixture       *f,
             gconstpointer  data)
{
  g_autoptr(DivertBackend) other = divert_backend_nftables_new ();
  g_autofree char *me = g_strdup_printf ("process %d", getpid ());
  DivertApplied applied = { 0, 0, FALSE };
  g_autoptr(GError) error = NULL;

  g_assert_true (other->klass->withdraw (other, NULL));
  backend_fixture_lay (f->backend, f->home);
  g_assert_false (other->klass->withdraw (other, &error));
  g_assert_error (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_FOREIGN);
  g_assert_nonnull (strstr (error->message, me));
  g_clear_error (&error);
  g_assert_false (other->klass->apply (other, f->nothing, &applied, &error));
  g_assert_error (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_FOREIGN);
  g_clear_pointer (&f->backend, divert_backend_free);
  g_assert_true (other->klass->withdraw (other, NULL));
  test_run (HAS_NO_GRANT);
  g_assert_cmpuint (backend_fixture_lay (other, f->nothing), ==, 1);
  test_run ("! nft list table " OURS " 2>/dev/null");
}

/* Somebody saved everything at home, and means well. */
static void
test_restored (Fixture       *f,
               gconstpointer  data)
{
  backend_fixture_lay (f->backend, f->home);
  test_run ("{ echo flush ruleset; nft list ruleset; } >/tmp/saved-%d", getpid ());
  test_run ("grep -q '" GRANT "' /tmp/saved-%d", getpid ());
  backend_fixture_lay (f->backend, f->away);
  test_run ("! nft -f /tmp/saved-%d 2>/dev/null", getpid ());
  /* As an older nft saves it, which doesn't know of the flags. */
  test_run ("sed -i '/^\tflags/d' /tmp/saved-%d; ! nft -f /tmp/saved-%d 2>/dev/null", getpid (), getpid ());
  test_run (HAS_NO_GRANT);
  g_assert_cmphex (f->backend->klass->find_drift (f->backend, TRUE), ==, 0);
  /* While no helper is there, it stands, until the next one. */
  g_clear_pointer (&f->backend, divert_backend_free);
  test_run ("nft -f /tmp/saved-%d; rm /tmp/saved-%d; nft list table " OURS " | grep -q '" GRANT "'", getpid (),
            getpid ());
  f->backend = divert_backend_nftables_new ();
  g_assert_cmpuint (backend_fixture_lay (f->backend, f->away), ==, 1);
  test_run (HAS_NO_GRANT);
  test_run ("! nft delete table " OURS " 2>/dev/null");
}

/* The question, like the others of the probe, changes nothing. */
static void
test_asked (Fixture       *f,
            gconstpointer  data)
{
  g_autofree char *before = NULL, *after = NULL;
  guint32 generation;

  backend_fixture_lay (f->backend, f->nothing);
  renew (f);
  before = test_output ("nft -a list ruleset");
  generation = get_generation ();
  g_assert_cmpuint (backend_fixture_lay (f->backend, f->nothing), ==, 0);
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    g_assert_true (f->backend->klass->probe (f->backend, family, NULL));
  after = test_output ("nft -a list ruleset");
  g_assert_cmpstr (after, ==, before);
  g_assert_cmpuint (get_generation (), ==, generation);
}

/* The guard's table, too. */
static void
test_guard (Fixture       *f,
            gconstpointer  data)
{
  DivertGuard *guard = divert_guard_new (0), *next = divert_guard_new (0);
  g_autoptr(GError) error = NULL;
  gboolean wrote;

  g_assert_true (divert_guard_apply (guard, f->home, FALSE, &wrote, NULL));
  test_run ("nft flush ruleset; ! nft flush chain inet nm-divert-guard grants 2>/dev/null; "
            "nft list set inet nm-divert-guard granted | grep -q elements");
  g_assert_false (divert_guard_withdraw (next, &error));
  g_assert_error (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_FOREIGN);
  divert_guard_free (guard);
  g_assert_true (divert_guard_apply (next, f->home, FALSE, &wrote, NULL));
  g_assert_true (wrote);
  test_run ("! nft delete table inet nm-divert-guard 2>/dev/null");
  g_assert_true (divert_guard_apply (next, f->nothing, FALSE, &wrote, NULL));
  test_run ("! nft list table inet nm-divert-guard 2>/dev/null");
  divert_guard_free (next);
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
    { "flush", test_flush },           { "flush-unowned", test_flush_unowned }, { "refused", test_refused },
    { "inherited", test_inherited },   { "there-and-back", test_there_and_back }, { "not-replaced", test_not_replaced },
    { "replaced", test_replaced },     { "others", test_others },               { "restored", test_restored },
    { "asked", test_asked },           { "guard", test_guard },
  };

  test_needs ("nft", "ip", "iptables-legacy", NULL);
  test_needs_namespaces ();
  test_lock_enter ();
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/nft-owner/", cases[i].name, NULL);

      g_test_add (path, Fixture, NULL, set_up, cases[i].test, tear_down);
    }
  return g_test_run ();
}
