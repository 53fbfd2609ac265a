/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel says about nftables, taken apart: our table as anybody with root may have left it, and who has
 * written.  Nothing is read beyond the datagram, and whatever was read, the difference to what we want can be written.
 */
#include "fuzz.h"

#include <netlink/msg.h>

#include "system/filter/nftables/guard-granted.h"
#include "system/filter/nftables/nft-watch.h"
#include "system/filter/nftables/nftables-expand.h"
#include "system/filter/nftables/nftables-read.h"
#include "system/filter/nftables/nftables-write.h"

static DivertNftTable *
make_table (void)
{
  g_autoptr(DivertRuleset) ruleset = divert_ruleset_new_empty ();
  DivertRule *rule = divert_rule_new (DIVERT_HOOK_OUTPUT, DIVERT_FAMILIES_BOTH);

  rule->verdict = DIVERT_VERDICT_JUMP;
  rule->to = DIVERT_CHAIN_JUDGE;
  g_ptr_array_add (ruleset->rules, rule);
  return divert_nft_table_new_from_ruleset (DIVERT_NFT_TABLE, ruleset);
}

static void
see_generation (struct nlmsghdr *header)
{
  DivertProgram program;

  if (divert_nft_watch_parse (header, &program))
    g_assert_nonnull (memchr (program.name, '\0', sizeof program.name));
}

static void
check_state (const DivertNftState *state)
{
  g_assert_true (state->exists || !state->is_ours);
  for (guint i = 0; i < state->chains->len; i++)
    g_assert_nonnull (divert_nft_state_find_chain (state, ((DivertNftChainState *) state->chains->pdata[i])->name));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data,
                        size_t         size)
{
  /* Exactly this size, and aligned like a socket's buffer. */
  g_autofree char *datagram = g_memdup2 (data, MAX (size, 1));
  g_auto(DivertNftState) state = DIVERT_NFT_STATE_INIT;
  g_autoptr(DivertNftTable) table = make_table ();
  g_autoptr(DivertNftBatch) batch = divert_nft_batch_new ();
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  int length = size;

  if (size > G_MAXINT16)
    return 0;
  divert_nft_state_prepare (&state);
  for (struct nlmsghdr *header = (struct nlmsghdr *) datagram; nlmsg_ok (header, length);
       header = nlmsg_next (header, &length))
    {
      divert_nft_state_see (header, &state);
      divert_guard_see_granted (header, names);
      see_generation (header);
    }
  check_state (&state);
  divert_nft_write (batch, &state, table, state.persists);
  return 0;
}
