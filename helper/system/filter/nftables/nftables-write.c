/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: a transaction's messages, and keeping them few.
 *
 * If all chains are there, those whose rules differ are emptied and filled again, with the sets they need.  So a
 * change of place only touches the grants.  If only the first rules of a chain are missing, they are added before the
 * others, because the kernel waits for an RCU grace period after each transaction that removes a rule, and who closes
 * a socket of nfnetlink in that time waits as well, and lets others wait (K1.14).  If anything else is wrong (a chain
 * is missing, is not ours, or has another hook, policy or device; the table sleeps, or can't get an owner), the table
 * is replaced.
 * For packets, a transaction happens at one moment either way.
 */
#include "nftables-write.h"

#include "nftables-chains.h"
#include "nftables-text.h"

static void
add_table (DivertNftBatch       *batch,
           guint8                type,
           guint16               flags,
           const DivertNftTable *table,
           guint32               owner)
{
  g_autoptr(nftnl_table) encoded = divert_nft_encode_table (table->name, owner != 0 ? DIVERT_NFT_OWNED : 0);
  g_autofree char *name = divert_nft_table_describe (table), *what = g_strconcat ("table ", name, NULL);

  nftnl_table_nlmsg_build_payload (divert_nft_batch_add (batch, type, flags, what), encoded);
}

static void
add_chain (DivertNftBatch       *batch,
           const DivertNftTable *table,
           guint                 chain)
{
  g_autoptr(nftnl_chain) encoded = divert_nft_encode_chain (table, chain);
  g_autofree char *what = g_strdup_printf ("chain %s", divert_nft_chain_name (chain));

  nftnl_chain_nlmsg_build_payload (divert_nft_batch_add (batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE, what), encoded);
}

/* @where: NLM_F_APPEND; 0: before all others. */
static void
add_rule (DivertNftBatch *batch,
          const char     *table,
          DivertNftRule  *rule,
          guint16         where)
{
  g_autoptr(nftnl_rule) encoded = divert_nft_encode_rule (table, rule);
  g_autofree char *what = g_strdup_printf ("%s: %s", divert_nft_chain_name (rule->chain),
                                           divert_nft_rule_get_text (rule));

  nftnl_rule_nlmsg_build_payload (divert_nft_batch_add (batch, NFT_MSG_NEWRULE, NLM_F_CREATE | where, what), encoded);
}

static void
add_rules (DivertNftBatch  *batch,
           const char      *table,
           const GPtrArray *rules)
{
  for (guint i = 0; i < rules->len; i++)
    add_rule (batch, table, g_ptr_array_index (rules, i), NLM_F_APPEND);
}

/* The first @n of @rules, before what is there. */
static void
add_before (DivertNftBatch  *batch,
            const char      *table,
            const GPtrArray *rules,
            guint            n)
{
  for (guint i = n; i > 0; i--)
    add_rule (batch, table, g_ptr_array_index (rules, i - 1), 0);
}

static void
add_elements (DivertNftBatch   *batch,
              struct nftnl_set *encoded,
              const char       *what)
{
  struct nftnl_set_elems_iter *iter = nftnl_set_elems_iter_create (encoded);

  for (int more = nftnl_set_elems_iter_cur (iter) != NULL; more > 0;)
    more = nftnl_set_elems_nlmsg_build_payload_iter (
        divert_nft_batch_add (batch, NFT_MSG_NEWSETELEM, NLM_F_CREATE, what), iter);
  nftnl_set_elems_iter_destroy (iter);
}

/* Spreads the elements of a long list over several messages. */
static void
add_set (DivertNftBatch     *batch,
         const char         *table,
         const DivertNftSet *set,
         guint32             id)
{
  g_autofree char *what = g_strdup_printf ("set %s", set->name);
  guint first = 0;

  do
    {
      g_autoptr(nftnl_set) encoded = divert_nft_encode_set (table, set, first, id);

      if (first == 0)
        nftnl_set_nlmsg_build_payload (divert_nft_batch_add (batch, NFT_MSG_NEWSET, NLM_F_CREATE, what), encoded);
      add_elements (batch, encoded, what);
      first += DIVERT_NFT_PREFIXES_AT_ONCE;
    }
  while (set->prefixes != NULL && first < set->prefixes->len);
}

static void
delete_set (DivertNftBatch *batch,
            const char     *table,
            const char     *name)
{
  g_autoptr(nftnl_set) set = nftnl_set_alloc ();
  g_autofree char *what = g_strdup_printf ("set %s", name);

  nftnl_set_set_str (set, NFTNL_SET_TABLE, table);
  nftnl_set_set_str (set, NFTNL_SET_NAME, name);
  nftnl_set_nlmsg_build_payload (divert_nft_batch_add (batch, NFT_MSG_DELSET, 0, what), set);
}

static void
write_flush (DivertNftBatch *batch,
             const char     *table,
             const char     *chain)
{
  g_autoptr(nftnl_rule) all = nftnl_rule_alloc ();
  g_autofree char *what = g_strdup_printf ("chain %s", chain);

  nftnl_rule_set_str (all, NFTNL_RULE_TABLE, table);
  nftnl_rule_set_str (all, NFTNL_RULE_CHAIN, chain);
  nftnl_rule_nlmsg_build_payload (divert_nft_batch_add (batch, NFT_MSG_DELRULE, 0, what), all);
}

void
divert_nft_write_all (DivertNftBatch       *batch,
                      const DivertNftTable *table,
                      guint32               owner)
{
  add_table (batch, NFT_MSG_NEWTABLE, NLM_F_CREATE, table, owner);
  for (guint i = 0; i < table->sets->len; i++)
    add_set (batch, table->name, g_ptr_array_index (table->sets, i), i + 1);
  /* A rule can only jump to existing chains. */
  for (guint chain = 0; chain < DIVERT_NFT_N_CHAINS; chain++)
    if (table->rules[chain] != NULL)
      add_chain (batch, table, chain);
  for (guint chain = 0; chain < DIVERT_NFT_N_CHAINS; chain++)
    if (table->rules[chain] != NULL)
      add_rules (batch, table->name, table->rules[chain]);
}

static guint
count_chains (const DivertNftTable *table)
{
  guint n = 0;

  for (guint chain = 0; chain < DIVERT_NFT_N_CHAINS; chain++)
    if (table->rules[chain] != NULL)
      n++;
  return n;
}

/* Is @seen on the devices that @chain is to be on, and on no others? */
static gboolean
has_devices (const DivertNftChainState *seen,
             const DivertNftTable      *table,
             guint                      chain)
{
  const guint n = chain == DIVERT_HOOK_WIRE ? table->devices->len : 0;

  for (guint i = 0; i < n; i++)
    if (!g_ptr_array_find_with_equal_func (seen->devices, table->devices->pdata[i], g_str_equal, NULL))
      return FALSE;
  return seen->devices->len == n;
}

/* Are all chains there, and no others? */
static gboolean
has_chains (const DivertNftState *state,
            const DivertNftTable *table)
{
  if (state->chains->len != count_chains (table))
    return FALSE;
  for (guint chain = 0; chain < DIVERT_NFT_N_CHAINS; chain++)
    {
      const DivertNftChainState *seen;

      if (table->rules[chain] == NULL)
        continue;
      seen = divert_nft_state_find_chain (state, divert_nft_chain_name (chain));
      if (seen == NULL || seen->digest != divert_nft_digest_chain (table, chain) || !has_devices (seen, table, chain))
        return FALSE;
    }
  return TRUE;
}

/* Most rules are as they were, and comparing what this process has written takes no text. */
static gboolean
is_rule (const DivertNftRuleState *seen,
         DivertNftRule            *rule)
{
  if (seen->rule == NULL || !divert_nft_rule_equal (seen->rule, rule))
    return seen->digest == divert_nft_digest_rule (rule);
  rule->digest = seen->digest;
  return TRUE;
}

/* Are the rules of @chain the last ones of @rules, or all of them?  @ret_missing: how many come before. */
static gboolean
has_end (const DivertNftState *state,
         guint                 chain,
         const GPtrArray      *rules,
         guint                *ret_missing)
{
  const DivertNftChainState *seen = divert_nft_state_find_chain (state, divert_nft_chain_name (chain));
  const guint missing = rules->len - seen->rules->len;

  if (seen->rules->len > rules->len)
    return FALSE;
  for (guint i = 0; i < seen->rules->len; i++)
    if (!is_rule (&g_array_index (seen->rules, DivertNftRuleState, i), g_ptr_array_index (rules, missing + i)))
      return FALSE;
  *ret_missing = missing;
  return TRUE;
}

static void
write_differences (DivertNftBatch       *batch,
                   const DivertNftState *state,
                   const DivertNftTable *table)
{
  for (guint i = 0; i < table->sets->len; i++)
    {
      const DivertNftSet *set = g_ptr_array_index (table->sets, i);

      if (!g_ptr_array_find_with_equal_func (state->sets, set->name, g_str_equal, NULL))
        add_set (batch, table->name, set, i + 1);
    }
  for (guint chain = 0; chain < DIVERT_NFT_N_CHAINS; chain++)
    {
      const GPtrArray *rules = table->rules[chain];
      guint missing;

      if (rules == NULL)
        continue;
      if (has_end (state, chain, rules, &missing))
        {
          add_before (batch, table->name, rules, missing);
          continue;
        }
      write_flush (batch, table->name, divert_nft_chain_name (chain));
      add_rules (batch, table->name, rules);
    }
  for (guint i = 0; i < state->sets->len; i++)
    if (divert_nft_table_find_set (table, state->sets->pdata[i]) == NULL)
      delete_set (batch, table->name, state->sets->pdata[i]);
}

void
divert_nft_write (DivertNftBatch       *batch,
                  const DivertNftState *state,
                  const DivertNftTable *table,
                  guint32               owner)
{
  const gboolean is_wanted = count_chains (table) > 0;

  if (state->exists && is_wanted && !state->is_altered && has_chains (state, table) &&
      (owner == 0 || state->persists))
    {
      /* Nobody's so far. */
      if (owner != state->owner)
        add_table (batch, NFT_MSG_NEWTABLE, 0, table, owner);
      write_differences (batch, state, table);
      return;
    }
  if (state->exists)
    add_table (batch, NFT_MSG_DELTABLE, 0, table, 0);
  if (is_wanted)
    divert_nft_write_all (batch, table, owner);
}

/* Empties @chain except for @left. */
static void
write_withdraw (DivertNftBatch       *batch,
                const DivertNftState *state,
                const char           *table,
                guint                 chain,
                const GPtrArray      *left)
{
  const char *name = divert_nft_chain_name (chain);
  guint missing;

  if (divert_nft_state_find_chain (state, name) == NULL || (has_end (state, chain, left, &missing) && missing == 0))
    return;
  write_flush (batch, table, name);
  add_rules (batch, table, left);
}

void
divert_nft_write_withdraw (DivertNftBatch       *batch,
                           const DivertNftState *state,
                           const char           *table)
{
  g_autoptr(GPtrArray) left = g_ptr_array_new_with_free_func ((GDestroyNotify) divert_nft_rule_free);
  gboolean is_covered;

  for (guint chain = 0; chain < DIVERT_N_CHAINS; chain++)
    if (divert_chain_is_granting (chain) || chain == DIVERT_CHAIN_WIRE_GRANTS)
      write_withdraw (batch, state, table, chain, left);
  is_covered = divert_nft_state_find_chain (state, divert_nft_chain_name (DIVERT_NFT_CHAIN_COVERED)) != NULL;
  g_ptr_array_add (left, divert_nft_rule_new_way_on (is_covered));
  write_withdraw (batch, state, table, DIVERT_NFT_CHAIN_GRANTED, left);
}
