/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the table about frames in the kernel.
 *
 * Theory of operation.  nftables' hook for leaving frames exists in the family netdev alone, so this is a table of its
 * own, with a conversation of its own, whichever backend has the rules.  It is there only while somebody else sends by
 * a device of ours.  Otherwise no packet pays for it, and after the first look no run asks about it.
 *
 * It grants by the same decision as the rules.  So it takes grants away before those are written, and gives them after
 * that.  In between it has either the grants of before, if they are wanted again, or none.
 *
 * A device that has just gone is no longer known to the kernel, which may refuse the chain then (ENOENT; Linux 6.18
 * takes it).  Its end is an event, so the next run, without it, is under way.
 *
 * Its grants don't lapse by themselves, as the guard's do where no service manager watches the helper.
 */
#include "system/filter/wire.h"

#include "nft-batch.h"
#include "nft-failure.h"
#include "nft-owner.h"
#include "nftables-chains.h"
#include "nftables-expand.h"
#include "nftables-read.h"
#include "nftables-write.h"
#include "system/filter/backend.h"

#include <errno.h>

/* What the kernel lacks isn't asked for in each run. */
#define RETRY_US (10 * G_USEC_PER_SEC)

#define NAME "netdev " DIVERT_NFT_TABLE

struct DivertWire
{
  DivertNft      *nft;        /* NULL: not asked yet */
  DivertRuleset  *rules;      /* in the kernel … */
  DivertNftTable *table;      /* … and as a table, */
  guint32         generation; /* as of this one; 0: not known */
  gint64          lacking;    /* monotonic: when the kernel was last found to lack it; 0: it doesn't */
  gboolean        wanted;     /* … and it is to hold something */
};

DivertWire *
divert_wire_new (void)
{
  DivertWire *wire = g_new0 (DivertWire, 1);

  wire->rules = divert_ruleset_new_empty ();
  wire->table = divert_nft_table_new_wire (wire->rules);
  return wire;
}

void
divert_wire_free (DivertWire *wire)
{
  if (wire == NULL)
    return;
  divert_nft_free (wire->nft);
  divert_ruleset_unref (wire->rules);
  divert_nft_table_free (wire->table);
  g_free (wire);
}

gboolean
divert_wire_is_lacking (const DivertWire *wire)
{
  return wire->wanted && wire->lacking != 0;
}

static gboolean
open_nft (DivertWire  *wire,
          GError     **error)
{
  if (wire->nft == NULL)
    wire->nft = divert_nft_new_netdev (error);
  return wire->nft != NULL;
}

typedef struct
{
  DivertWire     *wire;
  DivertNftTable *table;      /* wanted */
  guint32         generation; /* behind it; 0: there is nobody for nftables */
  gboolean        existed;
  gboolean        wrote;
} Attempt;

static gboolean
refuse_foreign (const Attempt  *a,
                GError        **error)
{
  if (a->table->devices->len == 0)
    return TRUE;
  g_set_error_literal (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_FOREIGN, "nftables: " NAME);
  return FALSE;
}

static gboolean
attempt (DivertNft  *nft,
         gpointer    user_data,
         GError    **error)
{
  Attempt *a = user_data;
  g_auto(DivertNftState) state = DIVERT_NFT_STATE_INIT;
  g_autoptr(DivertNftBatch) batch = divert_nft_batch_new_netdev ();

  if (!divert_nft_get_generation (nft, &a->generation, error) ||
      !divert_nft_read (nft, DIVERT_NFT_TABLE, &state, error))
    return FALSE;
  if (state.exists && !state.is_ours)
    return refuse_foreign (a, error);
  a->existed = state.exists;
  divert_nft_write (batch, &state, a->table, divert_nft_owner_get (nft));
  return divert_nft_owner_commit (batch, nft, &state, NAME, "wire-commit", &a->generation, &a->wrote, error);
}

/* Nobody but us makes a table with our name where there is none. */
static gboolean
is_as_wanted (DivertWire          *wire,
              const DivertRuleset *rules)
{
  guint32 generation;

  if (wire->generation == 0 || !divert_ruleset_same (wire->rules, rules))
    return FALSE;
  return divert_ruleset_is_empty (rules) ||
         (divert_nft_get_generation (wire->nft, &generation, NULL) && generation == wire->generation);
}

static void
remove_grants (DivertRuleset *rules)
{
  for (guint i = rules->rules->len; i > 0; i--)
    if (((const DivertRule *) g_ptr_array_index (rules->rules, i - 1))->chain == DIVERT_CHAIN_WIRE_GRANTS)
      g_ptr_array_remove_index (rules->rules, i - 1);
}

static gboolean
has_same_grants (const DivertWire    *wire,
                 const DivertRuleset *rules)
{
  const DivertChains grants = DIVERT_CHAIN_BIT (DIVERT_CHAIN_WIRE_GRANTS);

  return wire->generation != 0 && divert_ruleset_same_rules (wire->rules, rules, DIVERT_FAMILY_IPV4, grants) &&
         divert_ruleset_same_rules (wire->rules, rules, DIVERT_FAMILY_IPV6, grants);
}

/* ENOENT is the answer about a device, or about the question if there is nobody for it. */
static gboolean
is_absent (const Attempt *a,
           const GError  *failure)
{
  return divert_nft_is_absent (failure, a->generation != 0) &&
         (a->generation == 0 || !g_error_matches (failure, DIVERT_NETLINK_ERROR, ENOENT));
}

static gboolean
withdraw (DivertNft  *nft,
          gpointer    user_data,
          GError    **error)
{
  gboolean *answered = user_data;
  g_auto(DivertNftState) state = DIVERT_NFT_STATE_INIT;
  g_autoptr(DivertNftBatch) batch = divert_nft_batch_new_netdev ();

  if (!divert_nft_read (nft, DIVERT_NFT_TABLE, &state, error))
    return FALSE;
  *answered = TRUE;
  if (state.is_ours)
    divert_nft_write_withdraw (batch, &state, DIVERT_NFT_TABLE);
  if (divert_nft_batch_length (batch) == 0)
    return TRUE;
  if (!divert_nft_owner_permits (nft, &state, NAME, error))
    return FALSE;
  return divert_nft_batch_commit_at (batch, nft, 0, "wire-withdraw", error);
}

gboolean
divert_wire_withdraw (DivertWire  *wire,
                      GError     **error)
{
  g_autoptr(GError) failure = NULL;
  gboolean answered = FALSE;

  wire->generation = 0;
  if ((open_nft (wire, &failure) && divert_nft_try (wire->nft, withdraw, &answered, &failure)) ||
      divert_nft_is_absent (failure, answered))
    return TRUE;
  return divert_nft_fail (error, failure, DIVERT_BACKEND_ERROR_REFUSED);
}

gboolean
divert_wire_apply (DivertWire           *wire,
                   const DivertRuleset  *whole,
                   gboolean              closing,
                   gboolean             *ret_wrote,
                   GError              **error)
{
  const gint64 start = g_get_monotonic_time ();
  g_autoptr(DivertRuleset) rules = divert_ruleset_new_wire (whole);
  g_autoptr(DivertNftTable) table = NULL;
  g_autoptr(GError) failure = NULL;
  Attempt a = { .wire = wire };
  gboolean revokes;

  *ret_wrote = FALSE;
  wire->wanted = !divert_ruleset_is_empty (rules);
  /* Where the kernel lacks it, there is nothing to close.  The question may make the kernel look for a module, so it
   * is asked when everything else is written. */
  if (wire->lacking != 0 && (closing || !wire->wanted || start < wire->lacking + RETRY_US))
    return TRUE;
  /* What isn't wanted any more goes last, when everything else has gone, and until then it is without grants. */
  if (closing && !wire->wanted)
    return has_same_grants (wire, rules) || divert_wire_withdraw (wire, error);
  revokes = closing && !has_same_grants (wire, rules);
  if (revokes)
    remove_grants (rules);
  if (is_as_wanted (wire, rules))
    return TRUE;
  a.table = table = divert_nft_table_new_wire (rules);
  if (open_nft (wire, &failure) && divert_nft_try (wire->nft, attempt, &a, &failure))
    {
      *ret_wrote = a.wrote;
      divert_ruleset_unref (wire->rules);
      wire->rules = g_steal_pointer (&rules);
      divert_nft_table_free (wire->table);
      wire->table = g_steal_pointer (&table);
      wire->generation = a.generation;
      wire->lacking = 0;
      return TRUE;
    }
  wire->generation = 0;
  if (a.existed || !is_absent (&a, failure))
    {
      /* The smallest write may succeed where that one did not.  If it doesn't either, the grants stand. */
      if (revokes && !divert_wire_withdraw (wire, error))
        return FALSE;
      return divert_nft_fail (error, failure, DIVERT_BACKEND_ERROR_REFUSED);
    }
  g_debug ("no table for frames: %s", failure->message);
  wire->lacking = start;
  return TRUE;
}

gboolean
divert_wire_find_drift (DivertWire *wire)
{
  g_auto(DivertNftState) state = DIVERT_NFT_STATE_INIT;
  g_autoptr(DivertNftBatch) batch = NULL;
  guint32 generation;

  /* What was withdrawn, or could not be written, isn't known. */
  if (divert_ruleset_is_empty (wire->rules) || wire->generation == 0 ||
      !divert_nft_get_generation (wire->nft, &generation, NULL) || generation == wire->generation ||
      !divert_nft_read (wire->nft, DIVERT_NFT_TABLE, &state, NULL))
    return FALSE;
  batch = divert_nft_batch_new_netdev ();
  divert_nft_write (batch, &state, wire->table, divert_nft_owner_get (wire->nft));
  if (divert_nft_batch_length (batch) > 0)
    return TRUE;
  wire->generation = generation;
  return FALSE;
}

gboolean
divert_wire_count_dropped (guint64 *ret_packets)
{
  g_autoptr(DivertNft) nft = divert_nft_new_netdev (NULL);

  return nft != NULL && divert_nft_count_dropped (nft, DIVERT_NFT_TABLE, ret_packets);
}
