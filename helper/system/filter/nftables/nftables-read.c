/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: reading our table.
 *
 * What we wrote is recognised by its digest, which the kernel returns unchanged.  There is no need
 * to read the sets: they are constant, and the kernel does not let anybody change a set that a rule
 * uses.
 */
#include "nftables-read.h"

#include "nftables-chains.h"

#include <errno.h>
#include <libnftnl/expr.h>
#include <string.h>

static void
chain_state_free (gpointer data)
{
  DivertNftChainState *chain = data;

  g_free (chain->name);
  g_array_unref (chain->rules);
  g_free (chain);
}

void
divert_nft_state_clear (DivertNftState *state)
{
  g_clear_pointer (&state->chains, g_ptr_array_unref);
  g_clear_pointer (&state->sets, g_ptr_array_unref);
}

DivertNftChainState *
divert_nft_state_find_chain (const DivertNftState *state,
                             const char           *name)
{
  for (guint i = 0; i < state->chains->len; i++)
    {
      DivertNftChainState *chain = g_ptr_array_index (state->chains, i);

      if (g_str_equal (chain->name, name))
        return chain;
    }
  return NULL;
}

static void
see_table (struct nlmsghdr *header,
           gpointer         user_data)
{
  DivertNftState *state = user_data;
  g_autoptr(nftnl_table) table = nftnl_table_alloc ();
  gconstpointer data;
  guint32 length = 0;

  if (nftnl_table_nlmsg_parse (header, table) < 0)
    return;
  state->exists = TRUE;
  data = nftnl_table_get_data (table, NFTNL_TABLE_USERDATA, &length);
  state->is_ours = divert_nft_is_our_table (data, length);
}

static void
see_chain (struct nlmsghdr *header,
           gpointer         user_data)
{
  DivertNftState *state = user_data;
  g_autoptr(nftnl_chain) chain = nftnl_chain_alloc ();
  DivertNftChainState *seen;
  gconstpointer data;
  guint32 length = 0;

  if (nftnl_chain_nlmsg_parse (header, chain) < 0 || nftnl_chain_get_str (chain, NFTNL_CHAIN_NAME) == NULL)
    return;
  seen = g_new0 (DivertNftChainState, 1);
  seen->name = g_strdup (nftnl_chain_get_str (chain, NFTNL_CHAIN_NAME));
  seen->rules = g_array_new (FALSE, FALSE, sizeof (DivertNftDigest));
  data = nftnl_chain_get_data (chain, NFTNL_CHAIN_USERDATA, &length);
  seen->digest = divert_nft_digest_find (data, length);
  g_ptr_array_add (state->chains, seen);
}

static int
add_count (struct nftnl_expr *expr,
           void              *user_data)
{
  guint64 *packets = user_data;

  if (g_strcmp0 (nftnl_expr_get_str (expr, NFTNL_EXPR_NAME), "counter") == 0)
    *packets += nftnl_expr_get_u64 (expr, NFTNL_EXPR_CTR_PACKETS);
  return 0;
}

static void
see_rule (struct nlmsghdr *header,
          gpointer         user_data)
{
  DivertNftState *state = user_data;
  g_autoptr(nftnl_rule) rule = nftnl_rule_alloc ();
  DivertNftChainState *chain;
  DivertNftDigest digest;
  gconstpointer data;
  guint32 length = 0;

  if (nftnl_rule_nlmsg_parse (header, rule) < 0 || nftnl_rule_get_str (rule, NFTNL_RULE_CHAIN) == NULL)
    return;
  chain = divert_nft_state_find_chain (state, nftnl_rule_get_str (rule, NFTNL_RULE_CHAIN));
  if (chain == NULL)
    return;
  data = nftnl_rule_get_data (rule, NFTNL_RULE_USERDATA, &length);
  digest = divert_nft_digest_find (data, length);
  g_array_append_val (chain->rules, digest);
  if (digest != 0)
    nftnl_expr_foreach (rule, add_count, &state->dropped);
}

static void
see_set (struct nlmsghdr *header,
         gpointer         user_data)
{
  DivertNftState *state = user_data;
  g_autoptr(nftnl_set) set = nftnl_set_alloc ();

  if (nftnl_set_nlmsg_parse (header, set) >= 0 && nftnl_set_get_str (set, NFTNL_SET_NAME) != NULL)
    g_ptr_array_add (state->sets, g_strdup (nftnl_set_get_str (set, NFTNL_SET_NAME)));
}

static void
prepare (DivertNftState *state)
{
  state->chains = g_ptr_array_new_with_free_func (chain_state_free);
  state->sets = g_ptr_array_new_with_free_func (g_free);
}

static DivertNftChainState *
suppose_chain (guint            chain,
               const GPtrArray *rules)
{
  DivertNftChainState *supposed = g_new0 (DivertNftChainState, 1);

  supposed->name = g_strdup (divert_nft_chain_name (chain));
  supposed->digest = divert_nft_digest_chain (chain);
  supposed->rules = g_array_new (FALSE, FALSE, sizeof (DivertNftDigest));
  for (guint i = 0; i < rules->len; i++)
    {
      const DivertNftDigest digest = divert_nft_digest_rule (g_ptr_array_index (rules, i));

      g_array_append_val (supposed->rules, digest);
    }
  return supposed;
}

void
divert_nft_state_suppose (DivertNftState       *state,
                          const DivertNftTable *table)
{
  prepare (state);
  for (guint chain = 0; chain < DIVERT_NFT_N_CHAINS; chain++)
    if (table->rules[chain] != NULL)
      g_ptr_array_add (state->chains, suppose_chain (chain, table->rules[chain]));
  for (guint i = 0; i < table->sets->len; i++)
    g_ptr_array_add (state->sets, g_strdup (((const DivertNftSet *) g_ptr_array_index (table->sets, i))->name));
  state->exists = state->is_ours = state->chains->len > 0;
}

gboolean
divert_nft_read_table (DivertNft       *nft,
                       const char      *table,
                       DivertNftState  *state,
                       GError         **error)
{
  g_autoptr(GError) failure = NULL;

  if (state->chains == NULL)
    prepare (state);
  if (divert_nft_get (nft, NFT_MSG_GETTABLE, table, NULL, see_table, state, &failure) ||
      g_error_matches (failure, DIVERT_NETLINK_ERROR, ENOENT))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

gboolean
divert_nft_read (DivertNft       *nft,
                 const char      *table,
                 DivertNftState  *state,
                 GError         **error)
{
  if (!divert_nft_read_table (nft, table, state, error))
    return FALSE;
  if (!state->exists)
    return TRUE;
  return divert_nft_list (nft, NFT_MSG_GETCHAIN, table, NULL, see_chain, state, error) &&
         divert_nft_list (nft, NFT_MSG_GETRULE, table, NULL, see_rule, state, error) &&
         divert_nft_list (nft, NFT_MSG_GETSET, table, NULL, see_set, state, error);
}
