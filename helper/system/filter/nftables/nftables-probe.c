/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: asking the kernel for everything that our rules need.
 *
 * The kernel gets a table with a rule of each kind, but does not carry it out (nft-batch.h).  That
 * loads the modules, and the rule that it refuses tells what is missing.
 */
#include "nftables-probe.h"

#include "nft-batch.h"
#include "nftables-expand.h"
#include "nftables-write.h"

#include <netinet/in.h>

#define PROBE_TABLE DIVERT_NFT_TABLE "-probe"

#define ANY_PORT 1
#define ANY_MARK 1

static DivertRule *
add (DivertRuleset *ruleset,
     DivertChain    chain,
     DivertVerdict  verdict)
{
  DivertRule *rule = divert_rule_new (chain, DIVERT_FAMILIES_BOTH);

  rule->verdict = verdict;
  g_ptr_array_add (ruleset->rules, rule);
  return rule;
}

static void
add_jump (DivertRuleset *ruleset,
          DivertChain    hook,
          DivertChain    to)
{
  add (ruleset, hook, DIVERT_VERDICT_JUMP)->to = to;
}

/* In both families, more prefixes than are compared one by one. */
static GArray *
make_prefixes (void)
{
  GArray *prefixes = divert_prefixes_new ();

  for (guint i = 0; i < 16; i++)
    {
      const DivertFamily family = i % DIVERT_N_FAMILIES;
      const guint8 bytes[16] = { 0x20, 0x01, 0x0d, 0xb8, i * 2 };
      DivertPrefix prefix = divert_prefix_from_bytes (family, bytes, family == DIVERT_FAMILY_IPV6 ? 48 : 32);

      prefix.bytes[3] += i;
      divert_prefixes_add (prefixes, &prefix);
    }
  return prefixes;
}

static void
add_judging (DivertRuleset *ruleset)
{
  DivertRule *rule;

  add_jump (ruleset, DIVERT_HOOK_OUTPUT, DIVERT_CHAIN_JUDGE);
  rule = add (ruleset, DIVERT_CHAIN_JUDGE, DIVERT_VERDICT_CONNMARK);
  rule->has_gid = TRUE;
  rule->value = rule->mask = ANY_MARK;
  rule = add (ruleset, DIVERT_CHAIN_JUDGE, DIVERT_VERDICT_LEAVE);
  rule->dst_types = DIVERT_ADDRTYPE_LOCAL | DIVERT_ADDRTYPE_MULTICAST;
  rule = add (ruleset, DIVERT_CHAIN_JUDGE, DIVERT_VERDICT_LEAVE);
  rule->destinations = make_prefixes ();
  rule = add (ruleset, DIVERT_CHAIN_JUDGE, DIVERT_VERDICT_MARK);
  rule->value = rule->mask = ANY_MARK;
}

static DivertRuleset *
make_ruleset (void)
{
  DivertRuleset *ruleset = divert_ruleset_new_empty ();
  DivertRule *rule;

  add_judging (ruleset);

  add_jump (ruleset, DIVERT_HOOK_DELIVER, DIVERT_CHAIN_DELIVER);
  rule = add (ruleset, DIVERT_CHAIN_DELIVER, DIVERT_VERDICT_TPROXY);
  rule->protocols = DIVERT_PROTOCOLS_TCP_UDP;
  rule->port = ANY_PORT;

  add_jump (ruleset, DIVERT_HOOK_ARRIVE, DIVERT_CHAIN_SERVE);
  add (ruleset, DIVERT_CHAIN_SERVE, DIVERT_VERDICT_LEAVE)->receiver = DIVERT_RECEIVER_SOMEBODY;

  add_jump (ruleset, DIVERT_HOOK_GUARD, DIVERT_CHAIN_GUARD);
  add (ruleset, DIVERT_CHAIN_GUARD, DIVERT_VERDICT_DROP)->src_types = DIVERT_ADDRTYPE_LOCAL;

  add_jump (ruleset, DIVERT_HOOK_DNS, DIVERT_CHAIN_DNS);
  rule = add (ruleset, DIVERT_CHAIN_DNS, DIVERT_VERDICT_REDIRECT);
  rule->protocols = DIVERT_PROTOCOLS_TCP_UDP;
  rule->dport = ANY_PORT;
  rule->port = ANY_PORT;
  return ruleset;
}

gboolean
divert_nft_probe (DivertNft  *nft,
                  GError    **error)
{
  g_autoptr(DivertRuleset) ruleset = make_ruleset ();
  g_autoptr(DivertNftTable) table = divert_nft_table_new_from_ruleset (PROBE_TABLE, ruleset);
  g_autoptr(DivertNftBatch) batch = divert_nft_batch_new ();

  divert_nft_write_all (batch, table);
  return divert_nft_batch_check (batch, nft, error);
}
