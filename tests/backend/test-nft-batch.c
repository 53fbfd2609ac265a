/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The conversation with nftables, in a real kernel, read back with nft.
 */
#include "namespace.h"
#include "system/filter/nftables/nft-batch.h"

#include <errno.h>
#include <libnftnl/chain.h>
#include <libnftnl/rule.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <string.h>

typedef struct
{
  DivertNft      *nft;
  DivertNftBatch *batch;
} Fixture;

static void
set_up (Fixture       *f,
        gconstpointer  user_data)
{
  g_autoptr(GError) error = NULL;

  test_namespace_enter ();
  f->nft = divert_nft_new (&error);
  g_assert_no_error (error);
  f->batch = divert_nft_batch_new ();
}

static void
tear_down (Fixture       *f,
           gconstpointer  user_data)
{
  divert_nft_batch_free (f->batch);
  divert_nft_free (f->nft);
}

static void
add_table (Fixture    *f,
           const char *name)
{
  struct nftnl_table *table = nftnl_table_alloc ();

  nftnl_table_set_str (table, NFTNL_TABLE_NAME, name);
  nftnl_table_nlmsg_build_payload (divert_nft_batch_add (f->batch, NFT_MSG_NEWTABLE, NLM_F_CREATE, "the table"),
                                   table);
  nftnl_table_free (table);
}

static void
add_chain (Fixture    *f,
           const char *name)
{
  struct nftnl_chain *chain = nftnl_chain_alloc ();

  nftnl_chain_set_str (chain, NFTNL_CHAIN_TABLE, "ours");
  nftnl_chain_set_str (chain, NFTNL_CHAIN_NAME, name);
  nftnl_chain_nlmsg_build_payload (divert_nft_batch_add (f->batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE, name), chain);
  nftnl_chain_free (chain);
}

/* An empty rule. It matches everything and does nothing. */
static void
add_rule (Fixture    *f,
          const char *chain,
          const char *what)
{
  struct nftnl_rule *rule = nftnl_rule_alloc ();

  nftnl_rule_set_str (rule, NFTNL_RULE_TABLE, "ours");
  nftnl_rule_set_str (rule, NFTNL_RULE_CHAIN, chain);
  nftnl_rule_nlmsg_build_payload (divert_nft_batch_add (f->batch, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, what),
                                  rule);
  nftnl_rule_free (rule);
}

static guint32
get_generation (Fixture *f)
{
  g_autoptr(GError) error = NULL;
  guint32 generation = 0;

  divert_nft_get_generation (f->nft, &generation, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (generation, >, 0);
  return generation;
}

static void
assert_empty (void)
{
  g_autofree char *all = test_output ("nft list ruleset");

  g_assert_cmpstr (all, ==, "");
}

static void
test_commit (Fixture       *f,
             gconstpointer  user_data)
{
  const guint32 before = get_generation (f);
  g_autoptr(GError) error = NULL;
  g_autofree char *all = NULL;

  add_table (f, "ours");
  add_chain (f, "one");
  add_rule (f, "one", "the rule");
  g_assert_cmpuint (divert_nft_batch_length (f->batch), ==, 3);
  divert_nft_batch_commit (f->batch, f->nft, before, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (get_generation (f), ==, divert_nft_next_generation (before));
  all = test_output ("nft list ruleset");
  g_assert_nonnull (strstr (all, "table inet ours"));
  g_assert_nonnull (strstr (all, "chain one"));
}

/* All or nothing, and the first refused message is named. */
static void
test_refused (Fixture       *f,
              gconstpointer  user_data)
{
  const guint32 before = get_generation (f);
  g_autoptr(GError) error = NULL;

  add_table (f, "ours");
  add_rule (f, "nowhere", "the rule of nowhere");
  add_rule (f, "elsewhere", "another");
  add_chain (f, "one");
  g_assert_false (divert_nft_batch_commit (f->batch, f->nft, 0, &error));
  g_assert_error (error, DIVERT_NETLINK_ERROR, ENOENT);
  g_assert_true (g_str_has_prefix (error->message, "the rule of nowhere: "));
  g_assert_cmpuint (get_generation (f), ==, before);
  assert_empty ();
}

static void
test_reason (Fixture       *f,
             gconstpointer  user_data)
{
  struct nftnl_chain *chain = nftnl_chain_alloc ();
  g_autoptr(GError) error = NULL;

  add_table (f, "ours");
  nftnl_chain_set_str (chain, NFTNL_CHAIN_TABLE, "ours");
  nftnl_chain_set_str (chain, NFTNL_CHAIN_NAME, "base");
  nftnl_chain_set_str (chain, NFTNL_CHAIN_TYPE, "no such type");
  nftnl_chain_set_u32 (chain, NFTNL_CHAIN_HOOKNUM, NF_INET_POST_ROUTING);
  nftnl_chain_set_s32 (chain, NFTNL_CHAIN_PRIO, 0);
  nftnl_chain_nlmsg_build_payload (divert_nft_batch_add (f->batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE, "the chain"), chain);
  nftnl_chain_free (chain);
  g_assert_false (divert_nft_batch_commit (f->batch, f->nft, 0, &error));
  g_assert_true (g_str_has_prefix (error->message, "the chain: "));
  assert_empty ();
}

static void
test_check (Fixture       *f,
            gconstpointer  user_data)
{
  const guint32 before = get_generation (f);
  g_autoptr(GError) error = NULL;

  add_table (f, "ours");
  add_chain (f, "one");
  divert_nft_batch_check (f->batch, f->nft, &error);
  g_assert_no_error (error);
  assert_empty ();
  add_rule (f, "nowhere", "the rule of nowhere");
  g_assert_false (divert_nft_batch_check (f->batch, f->nft, &error));
  g_assert_true (g_str_has_prefix (error->message, "the rule of nowhere: "));
  assert_empty ();
  g_assert_cmpuint (get_generation (f), ==, before);
}

/* Somebody writes between our reading and our writing. */
static void
test_stale (Fixture       *f,
            gconstpointer  user_data)
{
  const guint32 before = get_generation (f);
  g_autoptr(GError) error = NULL;
  g_autofree char *all = NULL;

  test_run ("nft add table inet theirs");
  add_table (f, "ours");
  g_assert_false (divert_nft_batch_commit (f->batch, f->nft, before, &error));
  g_assert_error (error, DIVERT_NETLINK_ERROR, ERESTART);
  g_clear_error (&error);
  /* Try the same again. Nothing of the old answer is taken for the new one. */
  divert_nft_batch_commit (f->batch, f->nft, get_generation (f), &error);
  g_assert_no_error (error);
  all = test_output ("nft list ruleset");
  g_assert_nonnull (strstr (all, "table inet ours"));
}

typedef struct
{
  Fixture *fixture;
  guint    tries, disturbed;
} Attempt;

static gboolean
attempt (DivertNft  *nft,
         gpointer    user_data,
         GError    **error)
{
  Attempt *a = user_data;
  const guint32 generation = get_generation (a->fixture);

  if (a->tries++ < a->disturbed)
    test_run ("nft add table inet theirs && nft delete table inet theirs");
  return divert_nft_batch_commit (a->fixture->batch, nft, generation, error);
}

static void
test_try (Fixture       *f,
          gconstpointer  user_data)
{
  Attempt a = { f, 0, 3 }, hopeless = { f, 0, 1000 }, refused = { f, 0, 0 };
  g_autoptr(GError) error = NULL;

  add_table (f, "ours");
  divert_nft_try (f->nft, attempt, &a, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (a.tries, ==, 4);

  g_assert_false (divert_nft_try (f->nft, attempt, &hopeless, &error));
  g_assert_error (error, DIVERT_NETLINK_ERROR, ERESTART);
  g_assert_cmpuint (hopeless.tries, <, 20);
  g_clear_error (&error);

  add_rule (f, "nowhere", "the rule");
  g_assert_false (divert_nft_try (f->nft, attempt, &refused, &error));
  g_assert_error (error, DIVERT_NETLINK_ERROR, ENOENT);
  g_assert_cmpuint (refused.tries, ==, 1);
}

static void
count (struct nlmsghdr *header,
       gpointer         user_data)
{
  (*(guint *) user_data)++;
}

static guint
list (Fixture    *f,
      guint8      type,
      const char *table)
{
  g_autoptr(GError) error = NULL;
  guint n = 0;

  divert_nft_list (f->nft, type, table, NULL, count, &n, &error);
  g_assert_no_error (error);
  return n;
}

static void
test_read (Fixture       *f,
           gconstpointer  user_data)
{
  g_autoptr(GError) error = NULL;
  guint n = 0;

  test_run ("nft add table inet theirs; nft add chain inet theirs one; nft add rule inet theirs one accept");
  g_assert_false (divert_nft_get (f->nft, NFT_MSG_GETTABLE, "ours", NULL, count, &n, &error));
  g_assert_error (error, DIVERT_NETLINK_ERROR, ENOENT);
  g_clear_error (&error);
  add_table (f, "ours");
  add_chain (f, "one");
  add_chain (f, "two");
  for (guint i = 0; i < 3; i++)
    add_rule (f, "two", "the rule");
  divert_nft_batch_commit (f->batch, f->nft, 0, &error);
  g_assert_no_error (error);

  divert_nft_get (f->nft, NFT_MSG_GETTABLE, "ours", NULL, count, &n, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (n, ==, 1);
  divert_nft_get (f->nft, NFT_MSG_GETCHAIN, "ours", "two", count, &n, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (n, ==, 2);
  g_assert_cmpuint (list (f, NFT_MSG_GETCHAIN, "ours"), ==, 2);
  g_assert_cmpuint (list (f, NFT_MSG_GETRULE, "ours"), ==, 3);
  g_assert_cmpuint (list (f, NFT_MSG_GETSET, "ours"), ==, 0);
  g_assert_cmpuint (list (f, NFT_MSG_GETCHAIN, "theirs"), ==, 1);
}

/* More than a socket takes, or has room for in answers, unless it is asked to. */
static void
test_large (Fixture       *f,
            gconstpointer  user_data)
{
  g_autoptr(DivertNftBatch) bad = divert_nft_batch_new ();
  g_autoptr(GError) error = NULL;

  add_table (f, "ours");
  add_chain (f, "one");
  for (guint i = 0; i < 20000; i++)
    add_rule (f, "one", "one of many");
  divert_nft_batch_commit (f->batch, f->nft, 0, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (list (f, NFT_MSG_GETRULE, "ours"), ==, 20000);

  divert_nft_batch_free (g_steal_pointer (&f->batch));
  f->batch = divert_nft_batch_new ();
  for (guint i = 0; i < 3000; i++)
    add_rule (f, "nowhere", "one of many bad ones");
  g_assert_false (divert_nft_batch_commit (f->batch, f->nft, 0, &error));
  g_assert_error (error, DIVERT_NETLINK_ERROR, ENOENT);
  g_assert_true (g_str_has_prefix (error->message, "one of many bad ones: "));
  g_clear_error (&error);
  /* The unread rest doesn't interfere. */
  get_generation (f);
}

static void
test_nothing (Fixture       *f,
              gconstpointer  user_data)
{
  const guint32 before = get_generation (f);
  g_autoptr(GError) error = NULL;

  g_assert_true (divert_nft_batch_commit (f->batch, f->nft, 0, &error));
  g_assert_cmpuint (get_generation (f), ==, before);
}

#define ADD(path, function) g_test_add ("/nft-batch/" path, Fixture, NULL, set_up, function, tear_down)

int
main (int    argc,
      char **argv)
{
  test_needs ("nft", NULL);
  test_needs_namespaces ();
  g_test_init (&argc, &argv, NULL);
  ADD ("commit", test_commit);
  ADD ("refused", test_refused);
  ADD ("reason", test_reason);
  ADD ("check", test_check);
  ADD ("stale", test_stale);
  ADD ("try", test_try);
  ADD ("read", test_read);
  ADD ("large", test_large);
  ADD ("nothing", test_nothing);
  return g_test_run ();
}
