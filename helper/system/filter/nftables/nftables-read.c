/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: reading our table.
 *
 * What we wrote is recognised by its digest, which the kernel returns unchanged.  Somebody may have changed some things
 * under a digest that stays (K1.18), so these are read beside it: whether the table sleeps, a base chain's policy, and
 * the devices of a hook.  There is no need to read the sets' elements: the sets are constant, and the kernel does not
 * let anybody change such a set while a rule uses it.  The guard's, which isn't, is guard-granted.c's.
 *
 * The messages are taken apart here and not by libnftnl, which gives up on a rule with an expression
 * that it does not know.  Such a rule is somebody else's, and must be seen in our chains.
 */
#include "nftables-read.h"

#include "nftables-chains.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

static void
chain_state_free (gpointer data)
{
  DivertNftChainState *chain = data;

  g_free (chain->name);
  g_ptr_array_unref (chain->devices);
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

static gboolean
parse (struct nlmsghdr  *header,
       struct nlattr   **attributes,
       int               max)
{
  return nlmsg_parse (header, sizeof (struct nfgenmsg), attributes, max, NULL) == 0;
}

/* NULL: there is none. */
static const char *
get_name (const struct nlattr *attribute)
{
  if (attribute == NULL || memchr (nla_data (attribute), '\0', nla_len (attribute)) == NULL)
    return NULL;
  return nla_data (attribute);
}

static DivertNftDigest
get_digest (const struct nlattr *user_data)
{
  return user_data != NULL ? divert_nft_digest_find (nla_data (user_data), nla_len (user_data)) : 0;
}

/* A table that sleeps has everything, and its chains get no packets. */
static void
see_table (DivertNftState  *state,
           struct nlmsghdr *header)
{
  struct nlattr *attributes[NFTA_TABLE_MAX + 1];
  const struct nlattr *user_data;
  guint32 flags;

  if (!parse (header, attributes, NFTA_TABLE_MAX))
    return;
  flags = ntohl (divert_netlink_get_u32 (attributes[NFTA_TABLE_FLAGS], 0));
  user_data = attributes[NFTA_TABLE_USERDATA];
  state->exists = TRUE;
  state->is_ours = user_data != NULL && divert_nft_is_our_table (nla_data (user_data), nla_len (user_data));
  state->is_altered |= (flags & NFT_TABLE_F_DORMANT) != 0;
  state->persists = (flags & DIVERT_NFT_PERSISTS) != 0;
  state->owner = ntohl (divert_netlink_get_u32 (attributes[NFTA_TABLE_OWNER], 0));
}

static DivertNftChainState *
chain_state_new (const char      *name,
                 DivertNftDigest  digest)
{
  DivertNftChainState *chain = g_new0 (DivertNftChainState, 1);

  chain->name = g_strdup (name);
  chain->digest = digest;
  chain->devices = g_ptr_array_new_with_free_func (g_free);
  chain->rules = g_array_new (FALSE, FALSE, sizeof (DivertNftRuleState));
  return chain;
}

/* One without a name (a pattern, say) counts as well. */
static void
see_devices (DivertNftChainState *chain,
             struct nlattr       *hook)
{
  struct nlattr *attributes[NFTA_HOOK_MAX + 1], *device;
  int remaining;

  if (hook == NULL || nla_parse_nested (attributes, NFTA_HOOK_MAX, hook, NULL) != 0 ||
      attributes[NFTA_HOOK_DEVS] == NULL)
    return;
  nla_for_each_nested (device, attributes[NFTA_HOOK_DEVS], remaining)
    {
      const char *name = nla_type (device) == NFTA_DEVICE_NAME ? get_name (device) : NULL;

      g_ptr_array_add (chain->devices, g_strdup (name != NULL ? name : ""));
    }
}

static void
see_chain (DivertNftState  *state,
           struct nlmsghdr *header)
{
  struct nlattr *attributes[NFTA_CHAIN_MAX + 1];
  DivertNftChainState *seen;

  if (!parse (header, attributes, NFTA_CHAIN_MAX) || get_name (attributes[NFTA_CHAIN_NAME]) == NULL)
    return;
  seen = chain_state_new (get_name (attributes[NFTA_CHAIN_NAME]), get_digest (attributes[NFTA_CHAIN_USERDATA]));
  see_devices (seen, attributes[NFTA_CHAIN_HOOK]);
  if (ntohl (divert_netlink_get_u32 (attributes[NFTA_CHAIN_POLICY], htonl (NF_ACCEPT))) != NF_ACCEPT)
    seen->digest = 0;
  g_ptr_array_add (state->chains, seen);
}

/* How many packets @expression has counted, if it is a counter. */
static guint64
get_count (struct nlattr *expression)
{
  struct nlattr *attributes[NFTA_EXPR_MAX + 1], *counter[NFTA_COUNTER_MAX + 1];
  guint64 packets;

  if (nla_parse_nested (attributes, NFTA_EXPR_MAX, expression, NULL) != 0 ||
      g_strcmp0 (get_name (attributes[NFTA_EXPR_NAME]), "counter") != 0 || attributes[NFTA_EXPR_DATA] == NULL ||
      nla_parse_nested (counter, NFTA_COUNTER_MAX, attributes[NFTA_EXPR_DATA], NULL) != 0 ||
      counter[NFTA_COUNTER_PACKETS] == NULL || nla_len (counter[NFTA_COUNTER_PACKETS]) != sizeof packets)
    return 0;
  memcpy (&packets, nla_data (counter[NFTA_COUNTER_PACKETS]), sizeof packets);
  return GUINT64_FROM_BE (packets);
}

guint64
divert_nft_rule_count (struct nlmsghdr *header)
{
  struct nlattr *attributes[NFTA_RULE_MAX + 1], *expression;
  guint64 packets = 0;
  int remaining;

  if (!parse (header, attributes, NFTA_RULE_MAX) || attributes[NFTA_RULE_EXPRESSIONS] == NULL)
    return 0;
  nla_for_each_nested (expression, attributes[NFTA_RULE_EXPRESSIONS], remaining)
    packets += get_count (expression);
  return packets;
}

static void
see_rule (DivertNftState  *state,
          struct nlmsghdr *header)
{
  struct nlattr *attributes[NFTA_RULE_MAX + 1];
  DivertNftChainState *chain = NULL;
  DivertNftRuleState rule = { 0, NULL };

  if (parse (header, attributes, NFTA_RULE_MAX) && get_name (attributes[NFTA_RULE_CHAIN]) != NULL)
    chain = divert_nft_state_find_chain (state, get_name (attributes[NFTA_RULE_CHAIN]));
  if (chain == NULL)
    return;
  rule.digest = get_digest (attributes[NFTA_RULE_USERDATA]);
  g_array_append_val (chain->rules, rule);
  if (rule.digest != 0)
    state->dropped += divert_nft_rule_count (header);
}

static void
see_set (DivertNftState  *state,
         struct nlmsghdr *header)
{
  struct nlattr *attributes[NFTA_SET_MAX + 1];

  if (!parse (header, attributes, NFTA_SET_MAX) || get_name (attributes[NFTA_SET_NAME]) == NULL)
    return;
  g_ptr_array_add (state->sets, g_strdup (get_name (attributes[NFTA_SET_NAME])));
  /* Elements that we add without a time would lapse.  No set of ours has a time of its own. */
  state->is_altered |= attributes[NFTA_SET_TIMEOUT] != NULL;
}

void
divert_nft_state_see (struct nlmsghdr *header,
                      gpointer         user_data)
{
  static void (*const kinds[]) (DivertNftState *state, struct nlmsghdr *header) = {
    [NFT_MSG_NEWTABLE] = see_table,
    [NFT_MSG_NEWCHAIN] = see_chain,
    [NFT_MSG_NEWRULE] = see_rule,
    [NFT_MSG_NEWSET] = see_set,
  };
  const guint type = NFNL_MSG_TYPE (header->nlmsg_type);

  if (NFNL_SUBSYS_ID (header->nlmsg_type) == NFNL_SUBSYS_NFTABLES && type < G_N_ELEMENTS (kinds) && kinds[type] != NULL)
    kinds[type] (user_data, header);
}

void
divert_nft_state_prepare (DivertNftState *state)
{
  state->chains = g_ptr_array_new_with_free_func (chain_state_free);
  state->sets = g_ptr_array_new_with_free_func (g_free);
}

static DivertNftChainState *
suppose_chain (const DivertNftTable *table,
               guint                 chain)
{
  const GPtrArray *rules = table->rules[chain];
  DivertNftChainState *supposed = chain_state_new (divert_nft_chain_name (chain),
                                                   divert_nft_digest_chain (table, chain));

  for (guint i = 0; chain == DIVERT_HOOK_WIRE && i < table->devices->len; i++)
    g_ptr_array_add (supposed->devices, g_strdup (table->devices->pdata[i]));
  for (guint i = 0; i < rules->len; i++)
    {
      DivertNftRule *rule = g_ptr_array_index (rules, i);
      const DivertNftRuleState state = { divert_nft_digest_rule (rule), rule };

      g_array_append_val (supposed->rules, state);
    }
  return supposed;
}

void
divert_nft_state_suppose (DivertNftState       *state,
                          const DivertNftTable *table,
                          guint32               owner)
{
  divert_nft_state_prepare (state);
  for (guint chain = 0; chain < DIVERT_NFT_N_CHAINS; chain++)
    if (table->rules[chain] != NULL)
      g_ptr_array_add (state->chains, suppose_chain (table, chain));
  for (guint i = 0; i < table->sets->len; i++)
    g_ptr_array_add (state->sets, g_strdup (((const DivertNftSet *) g_ptr_array_index (table->sets, i))->name));
  state->exists = state->is_ours = state->chains->len > 0;
  state->owner = state->exists ? owner : 0;
  state->persists = state->owner != 0;
}

gboolean
divert_nft_read_table (DivertNft       *nft,
                       const char      *table,
                       DivertNftState  *state,
                       GError         **error)
{
  g_autoptr(GError) failure = NULL;

  if (state->chains == NULL)
    divert_nft_state_prepare (state);
  if (divert_nft_get (nft, NFT_MSG_GETTABLE, table, NULL, divert_nft_state_see, state, &failure) ||
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
  return divert_nft_list (nft, NFT_MSG_GETCHAIN, table, NULL, divert_nft_state_see, state, error) &&
         divert_nft_list (nft, NFT_MSG_GETRULE, table, NULL, divert_nft_state_see, state, error) &&
         divert_nft_list (nft, NFT_MSG_GETSET, table, NULL, divert_nft_state_see, state, error);
}

gboolean
divert_nft_count_dropped (DivertNft  *nft,
                          const char *table,
                          guint64    *ret_packets)
{
  g_auto(DivertNftState) state = DIVERT_NFT_STATE_INIT;

  if (!divert_nft_read (nft, table, &state, NULL) || !state.is_ours)
    return FALSE;
  *ret_packets = state.dropped;
  return TRUE;
}
