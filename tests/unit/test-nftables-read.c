/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Our table as other people leave it: what they write into it is seen, whether we understand it or not. */
#include <linux/netfilter/nfnetlink.h>
#include <netlink/attr.h>
#include <string.h>

#include "system/filter/nftables/nftables-chains.h"
#include "system/filter/nftables/nftables-read.h"

typedef struct
{
  DivertNftState state;
} Fixture;

static void
set_up (Fixture       *f,
        gconstpointer  data)
{
  f->state = (DivertNftState) DIVERT_NFT_STATE_INIT;
  divert_nft_state_prepare (&f->state);
}

static void
tear_down (Fixture       *f,
           gconstpointer  data)
{
  divert_nft_state_clear (&f->state);
}

static DivertNetlinkMessage *
message_new (guint8 type)
{
  const struct nfgenmsg header = { .nfgen_family = 1 };

  return divert_netlink_message_new (NFNL_SUBSYS_NFTABLES << 8 | type, 0, &header, sizeof header);
}

static void
see (Fixture              *f,
     DivertNetlinkMessage *msg)
{
  divert_nft_state_see (nlmsg_hdr (msg), &f->state);
}

static void
see_judge (Fixture *f)
{
  g_autoptr(DivertNetlinkMessage) msg = message_new (NFT_MSG_NEWCHAIN);

  nla_put_string (msg, NFTA_CHAIN_NAME, "judge");
  see (f, msg);
}

/* A rule of one expression. */
static void
see_rule (Fixture       *f,
          const char    *expression,
          gconstpointer  user_data,
          gsize          length)
{
  g_autoptr(DivertNetlinkMessage) msg = message_new (NFT_MSG_NEWRULE);
  struct nlattr *expressions, *element, *data;
  const guint64 packets = GUINT64_TO_BE (5);

  nla_put_string (msg, NFTA_RULE_CHAIN, "judge");
  expressions = nla_nest_start (msg, NFTA_RULE_EXPRESSIONS);
  element = nla_nest_start (msg, NFTA_LIST_ELEM);
  nla_put_string (msg, NFTA_EXPR_NAME, expression);
  data = nla_nest_start (msg, NFTA_EXPR_DATA);
  nla_put (msg, NFTA_COUNTER_PACKETS, sizeof packets, &packets);
  nla_nest_end (msg, data);
  nla_nest_end (msg, element);
  nla_nest_end (msg, expressions);
  if (length > 0)
    nla_put (msg, NFTA_RULE_USERDATA, length, user_data);
  see (f, msg);
}

static void
assert_rules (Fixture *f,
              guint    count,
              guint64  dropped)
{
  const DivertNftChainState *chain = divert_nft_state_find_chain (&f->state, "judge");

  g_assert_nonnull (chain);
  g_assert_cmpuint (chain->rules->len, ==, count);
  g_assert_cmpuint (f->state.dropped, ==, dropped);
}

/* A kernel that is newer than libnftnl has expressions that this doesn't know. */
static void
test_unknown_expression (Fixture       *f,
                         gconstpointer  data)
{
  see_judge (f);
  see_rule (f, "never-heard-of", NULL, 0);
  assert_rules (f, 1, 0);
}

/* Only our own counters count. */
static void
test_counter (Fixture       *f,
              gconstpointer  data)
{
  g_autoptr(DivertNftRule) rule = divert_nft_rule_new (DIVERT_CHAIN_JUDGE);
  const DivertNftDigest digest = divert_nft_digest_rule (rule);
  guint8 user_data[2 + sizeof digest] = { 0xd5, sizeof digest };

  memcpy (user_data + 2, &digest, sizeof digest);
  see_judge (f);
  see_rule (f, "counter", NULL, 0);
  assert_rules (f, 1, 0);
  see_rule (f, "counter", user_data, sizeof user_data);
  assert_rules (f, 2, 5);
}

/* Whoever writes a rule chooses its user data, and may claim more of it than there is. */
static void
test_user_data (Fixture       *f,
                gconstpointer  data)
{
  static const guint8 lies[] = { 0xd5, 8, 1, 2, 3 };
  static const guint8 behind[] = { 0, 1, 0, 0xd5, 8, 1, 2, 3, 4, 5, 6, 7, 8 };
  DivertNftDigest found;

  for (gsize length = 0; length <= sizeof lies; length++)
    {
      g_autofree guint8 *copy = g_memdup2 (lies, MAX (length, 1));

      g_assert_cmphex (divert_nft_digest_find (copy, length), ==, 0);
    }
  found = divert_nft_digest_find (behind, sizeof behind);
  g_assert_cmpmem (&found, sizeof found, behind + 5, 8);
  g_assert_cmphex (divert_nft_digest_find (behind, sizeof behind - 1), ==, 0);
}

static void
test_other_chain (Fixture       *f,
                  gconstpointer  data)
{
  see_rule (f, "counter", NULL, 0);
  g_assert_null (divert_nft_state_find_chain (&f->state, "judge"));
  g_assert_cmpuint (f->state.chains->len, ==, 0);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/nftables/read/unknown-expression", Fixture, NULL, set_up, test_unknown_expression, tear_down);
  g_test_add ("/nftables/read/counter", Fixture, NULL, set_up, test_counter, tear_down);
  g_test_add ("/nftables/read/user-data", Fixture, NULL, set_up, test_user_data, tear_down);
  g_test_add ("/nftables/read/other-chain", Fixture, NULL, set_up, test_other_chain, tear_down);
  return g_test_run ();
}
