/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the cordon's table in the kernel.
 *
 * Theory of operation.  When the sentinel takes back a grant, the tables of nftables are still the helper's, which it
 * kills, and the kernel lets nobody else write them until the helper has ended (K1.15).  That may take long, because
 * its sockets are closed one after the other, and each waits for those who write nftables (K1.14).  The fence doesn't
 * wait for that, but a socket that is bound to a device passes it.
 *
 * This table is the sentinel's own.  It knows neither prefixes nor groups: what would leave by a device whose link was
 * lost is dropped, whoever sends it.  Only neighbour discovery passes, because a lost solicitation costs seconds.
 *
 * It is without "persist", so it doesn't outlive the process that made it.  When it ends otherwise, withdraw-lost.c
 * knows.
 */
#include "system/filter/cordon.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <netinet/in.h>

#include "nft-batch.h"
#include "nft-failure.h"
#include "nftables-encode.h"

#define NAME "nm-divert-cordon"
/* From router solicitation to redirect. */
#define NEIGHBOUR_DISCOVERY_FIRST 133
#define NEIGHBOUR_DISCOVERY_LAST 137

struct DivertCordon
{
  DivertNft *nft;
};

void
divert_cordon_free (DivertCordon *cordon)
{
  if (cordon == NULL)
    return;
  divert_nft_free (cordon->nft);
  g_free (cordon);
}

static void
add_rule (DivertNftTable *table,
          guint           ifindex,
          gboolean        discovers,
          DivertNftKind   verdict)
{
  DivertNftRule *rule = divert_nft_rule_new (DIVERT_HOOK_GUARD);

  divert_nft_rule_add_match (rule, DIVERT_NFT_MATCH_EQUAL, DIVERT_NFT_KEY_OUT_INDEX, ifindex);
  if (discovers)
    {
      divert_nft_rule_add_match (rule, DIVERT_NFT_MATCH_EQUAL, DIVERT_NFT_KEY_PROTOCOL, IPPROTO_ICMPV6);
      divert_nft_rule_add_match (rule, DIVERT_NFT_MATCH_RANGE, DIVERT_NFT_KEY_ICMPV6_TYPE,
                                 NEIGHBOUR_DISCOVERY_FIRST)->last = NEIGHBOUR_DISCOVERY_LAST;
    }
  divert_nft_rule_add (rule, verdict);
  g_ptr_array_add (divert_nft_table_get_chain (table, DIVERT_HOOK_GUARD), rule);
}

static DivertNftTable *
make_table (const guint *links,
            guint        n_links)
{
  DivertNftTable *table = divert_nft_table_new (NAME);

  for (guint i = 0; i < n_links; i++)
    {
      add_rule (table, links[i], TRUE, DIVERT_NFT_ACCEPT);
      add_rule (table, links[i], FALSE, DIVERT_NFT_DROP);
    }
  return table;
}

static gboolean
write_table (DivertNft  *nft,
             gpointer    user_data,
             GError    **error)
{
  DivertNftTable *table = user_data;
  const GPtrArray *rules = divert_nft_table_get_chain (table, DIVERT_HOOK_GUARD);
  g_autoptr(DivertNftBatch) batch = divert_nft_batch_new ();
  g_autoptr(nftnl_table) frame = divert_nft_encode_table (NAME, NFT_TABLE_F_OWNER);
  g_autoptr(nftnl_chain) chain = divert_nft_encode_chain (table, DIVERT_HOOK_GUARD);

  nftnl_table_nlmsg_build_payload (divert_nft_batch_add (batch, NFT_MSG_NEWTABLE, NLM_F_CREATE, "table " NAME), frame);
  nftnl_chain_nlmsg_build_payload (divert_nft_batch_add (batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE, "chain"), chain);
  for (guint i = 0; i < rules->len; i++)
    {
      g_autoptr(nftnl_rule) rule = divert_nft_encode_rule (NAME, rules->pdata[i]);

      nftnl_rule_nlmsg_build_payload (divert_nft_batch_add (batch, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND,
                                                            "rule"), rule);
    }
  return divert_nft_batch_commit_at (batch, nft, 0, "cordon", error);
}

DivertCordon *
divert_cordon_new (const guint  *links,
                   guint         n_links,
                   GError      **error)
{
  g_autoptr(DivertCordon) cordon = g_new0 (DivertCordon, 1);
  g_autoptr(DivertNftTable) table = make_table (links, n_links);
  g_autoptr(GError) failure = NULL;

  cordon->nft = divert_nft_new (&failure);
  if (cordon->nft != NULL && divert_nft_try (cordon->nft, write_table, table, &failure))
    return g_steal_pointer (&cordon);
  if (!divert_nft_is_absent (failure, FALSE) && !g_error_matches (failure, DIVERT_NETLINK_ERROR, EOPNOTSUPP))
    g_propagate_error (error, g_steal_pointer (&failure));
  return NULL;
}
