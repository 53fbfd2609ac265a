/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the nftables backend: reading, comparing and writing in one transaction.
 *
 * Theory of operation.  All rules of both families are in one table, and a transaction changes it
 * at one moment.  So there is no state in between, and no order to choose.  Nobody is locked out
 * meanwhile.  Instead each transaction names the generation of nftables that it was made for, and
 * is made again if somebody else was faster.
 *
 * The generation also tells when there is nothing to do: if it is that of our last write and the
 * same rules are wanted, they are there.  If it is a different one, we read the table and compare
 * the digests.
 * The tables of the last rulesets are kept (nftables-prepared.c).
 *
 * Our table is recognised by a digest in its user data, or by its comment: whoever saves nftables with
 * nft and restores it keeps the comment, but no digest, and what was right at home must not stand
 * elsewhere.  A table of the same name with neither is somebody else's, and is left alone.
 *
 * Where the kernel allows it, the table belongs to our socket (nft-owner.c).  Nobody else can touch it then.
 * Elsewhere, and between two helpers, whatever somebody does to it is found and mended.
 */
#include "nftables.h"

#include "nft-failure.h"
#include "nft-owner.h"
#include "nft-watch.h"
#include "nftables-chains.h"
#include "nftables-expand.h"
#include "nftables-prepared.h"
#include "nftables-probe.h"
#include "nftables-text.h"
#include "nftables-write.h"

#include <glib/gi18n-lib.h>

typedef struct
{
  DivertBackend   parent;
  DivertNft      *nft;        /* NULL: not needed so far */
  DivertNftPreparations preparations;
  DivertNftPrepared *last;    /* in the kernel as of … */
  guint32         generation; /* … this one; 0: unknown */
  guint32         proven;     /* the generation in which the kernel could do all of it; 0: not known */
  gboolean        proven_cgroups;
  DivertNftWatch *watch;      /* NULL: nobody wants to know */
} NftablesBackend;

static gboolean
open_nft (NftablesBackend  *self,
          GError          **error)
{
  if (self->nft == NULL)
    self->nft = divert_nft_new (error);
  return self->nft != NULL;
}

static void
forget (NftablesBackend *self)
{
  g_clear_pointer (&self->last, divert_nft_prepared_unref);
  self->generation = 0;
}

/* Both families are asked for the same, and each question costs the kernel some milliseconds.  Nobody has written since
 * the last one. */
static gboolean
is_proven (const NftablesBackend *self,
           guint32                generation)
{
  return self->proven == generation && (self->proven_cgroups || !self->parent.needs_cgroups);
}

static gboolean
nftables_probe (DivertBackend  *backend,
                DivertFamily    family,
                GError        **error)
{
  NftablesBackend *self = (NftablesBackend *) backend;
  g_autoptr(GError) failure = NULL;
  guint32 generation;

  if (!divert_nft_has_family (family, error))
    return FALSE;
  if (!open_nft (self, &failure) || !divert_nft_get_generation (self->nft, &generation, &failure))
    return divert_nft_fail_to_ask (error, failure);
  if (is_proven (self, generation))
    return TRUE;
  self->proven = 0;
  if (!divert_nft_probe (self->nft, backend->needs_cgroups, &failure))
    return divert_nft_fail (error, failure, DIVERT_BACKEND_ERROR_UNAVAILABLE);
  self->proven = generation;
  self->proven_cgroups = backend->needs_cgroups;
  return TRUE;
}

typedef struct
{
  NftablesBackend *self;
  DivertRuleset   *ruleset;
  gboolean         answered; /* there is somebody for nftables */
  gboolean         wrote;
} Attempt;

/* Without the table, nothing of ours is there. */
static gboolean
refuse_foreign (const Attempt  *a,
                GError        **error)
{
  if (divert_ruleset_is_empty (a->ruleset))
    return TRUE;
  g_set_error (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_FOREIGN,
               _("a table of nftables has our name and is not ours: '%s'"), "inet " DIVERT_NFT_TABLE);
  return FALSE;
}

static gboolean
attempt_apply (DivertNft  *nft,
               gpointer    user_data,
               GError    **error)
{
  Attempt *a = user_data;
  g_auto(DivertNftState) state = DIVERT_NFT_STATE_INIT;
  g_autoptr(DivertNftBatch) batch = NULL;
  g_autoptr(DivertNftPrepared) prepared = NULL;
  gboolean is_known;
  guint32 generation, owner;

  if (!divert_nft_get_generation (nft, &generation, error))
    return FALSE;
  a->answered = TRUE;
  is_known = a->self->last != NULL && a->self->generation == generation;
  prepared = divert_nft_preparations_get (&a->self->preparations, a->ruleset);
  if (is_known && prepared == a->self->last)
    return TRUE;
  if (!is_known && !divert_nft_read (nft, DIVERT_NFT_TABLE, &state, error))
    return FALSE;
  if (state.exists && !state.is_ours)
    return refuse_foreign (a, error);
  batch = divert_nft_batch_new ();
  owner = divert_nft_owner_get (nft);
  divert_nft_write (batch, is_known ? &a->self->last->left : &state, prepared->table, owner);
  if (!divert_nft_owner_commit (batch, nft, &state, "inet " DIVERT_NFT_TABLE, "nftables-commit", &generation, &a->wrote,
                                error))
    return FALSE;
  forget (a->self);
  a->self->generation = generation;
  divert_nft_prepared_suppose (prepared, owner);
  a->self->last = g_steal_pointer (&prepared);
  return TRUE;
}

static gboolean
nftables_apply (DivertBackend  *backend,
                DivertRuleset  *ruleset,
                DivertApplied  *applied,
                GError        **error)
{
  NftablesBackend *self = (NftablesBackend *) backend;
  Attempt a = { self, ruleset, FALSE, FALSE };
  g_autoptr(GError) failure = NULL;

  if (open_nft (self, &failure) && divert_nft_try (self->nft, attempt_apply, &a, &failure))
    {
      divert_applied_add (applied, a.wrote);
      applied->guarded = TRUE;
      return TRUE;
    }
  forget (self);
  self->proven = 0;
  if (divert_ruleset_is_empty (ruleset) && divert_nft_is_absent (failure, a.answered))
    return TRUE;
  return divert_nft_fail (error, failure, DIVERT_BACKEND_ERROR_REFUSED);
}

static gboolean
attempt_withdraw (DivertNft  *nft,
                  gpointer    user_data,
                  GError    **error)
{
  g_auto(DivertNftState) state = DIVERT_NFT_STATE_INIT;
  g_autoptr(DivertNftBatch) batch = divert_nft_batch_new ();
  gboolean *answered = user_data;

  if (!divert_nft_read (nft, DIVERT_NFT_TABLE, &state, error))
    return FALSE;
  *answered = TRUE;
  if (state.is_ours)
    divert_nft_write_withdraw (batch, &state, DIVERT_NFT_TABLE);
  if (divert_nft_batch_length (batch) == 0)
    return TRUE;
  if (!divert_nft_owner_permits (nft, &state, "inet " DIVERT_NFT_TABLE, error))
    return FALSE;
  return divert_nft_batch_commit_at (batch, nft, 0, "nftables-withdraw", error);
}

static gboolean
nftables_withdraw (DivertBackend  *backend,
                   GError        **error)
{
  NftablesBackend *self = (NftablesBackend *) backend;
  g_autoptr(GError) failure = NULL;
  gboolean answered = FALSE;

  forget (self);
  if ((open_nft (self, &failure) && divert_nft_try (self->nft, attempt_withdraw, &answered, &failure)) ||
      divert_nft_is_absent (failure, answered))
    return TRUE;
  return divert_nft_fail (error, failure, DIVERT_BACKEND_ERROR_REFUSED);
}

static void
nftables_watch (DivertBackend *backend,
                DivertTouched  touched,
                gpointer       user_data)
{
  NftablesBackend *self = (NftablesBackend *) backend;

  divert_nft_watch_free (self->watch);
  self->watch = divert_nft_watch_new (touched, user_data);
}

static DivertParts
nftables_find_drift (DivertBackend *backend,
                     gboolean       thorough)
{
  NftablesBackend *self = (NftablesBackend *) backend;
  g_auto(DivertNftState) state = DIVERT_NFT_STATE_INIT;
  g_autoptr(DivertNftBatch) batch = NULL;
  guint32 generation;

  if (self->last == NULL || !divert_nft_get_generation (self->nft, &generation, NULL) ||
      generation == self->generation || !divert_nft_read (self->nft, DIVERT_NFT_TABLE, &state, NULL))
    return 0;
  batch = divert_nft_batch_new ();
  divert_nft_write (batch, &state, self->last->table, divert_nft_owner_get (self->nft));
  if (divert_nft_batch_length (batch) > 0)
    return 1u << DIVERT_PART_NFTABLES;
  self->generation = generation;
  return 0;
}

static gboolean
nftables_holds (DivertBackend        *backend,
                const DivertRuleset  *ruleset,
                gboolean             *ret_holds,
                GError              **error)
{
  NftablesBackend *self = (NftablesBackend *) backend;
  g_auto(DivertNftState) state = DIVERT_NFT_STATE_INIT;
  g_autoptr(DivertNftBatch) batch = divert_nft_batch_new ();
  g_autoptr(DivertNftTable) table = divert_nft_table_new_from_ruleset (DIVERT_NFT_TABLE, ruleset);
  g_autoptr(GError) failure = NULL;

  if ((!open_nft (self, &failure) || !divert_nft_read (self->nft, DIVERT_NFT_TABLE, &state, &failure)) &&
      !divert_nft_is_absent (failure, FALSE))
    return divert_nft_fail (error, failure, DIVERT_BACKEND_ERROR_REFUSED);
  /* It may be anybody's, this helper's or an earlier one's. */
  divert_nft_write (batch, &state, table, state.owner);
  if (state.exists && !state.is_ours)
    *ret_holds = divert_ruleset_is_empty (ruleset);
  else
    *ret_holds = divert_nft_batch_length (batch) == 0;
  return TRUE;
}

static gboolean
nftables_inspect (DivertBackend  *backend,
                  gboolean       *ret_any,
                  GError        **error)
{
  NftablesBackend *self = (NftablesBackend *) backend;
  g_auto(DivertNftState) state = DIVERT_NFT_STATE_INIT;
  g_autoptr(GError) failure = NULL;

  if ((!open_nft (self, &failure) || !divert_nft_read_table (self->nft, DIVERT_NFT_TABLE, &state, &failure)) &&
      !divert_nft_is_absent (failure, FALSE))
    return divert_nft_fail (error, failure, DIVERT_BACKEND_ERROR_REFUSED);
  *ret_any = state.is_ours;
  return TRUE;
}

static gboolean
nftables_count_dropped (DivertBackend  *backend,
                        guint64        *ret_packets,
                        GError        **error)
{
  NftablesBackend *self = (NftablesBackend *) backend;
  g_auto(DivertNftState) state = DIVERT_NFT_STATE_INIT;
  g_autoptr(GError) failure = NULL;

  if ((!open_nft (self, &failure) || !divert_nft_read (self->nft, DIVERT_NFT_TABLE, &state, &failure)) &&
      !divert_nft_is_absent (failure, FALSE))
    return divert_nft_fail (error, failure, DIVERT_BACKEND_ERROR_REFUSED);
  *ret_packets = state.is_ours ? state.dropped : 0;
  return TRUE;
}

static char *
nftables_to_text (DivertBackend       *backend,
                  const DivertRuleset *ruleset)
{
  return divert_nft_to_text (ruleset);
}

static void
nftables_describe (DivertBackend       *backend,
                   const DivertRuleset *ruleset,
                   const DivertRule    *rule,
                   const DivertPacket  *packet,
                   DivertRuleText      *ret_text)
{
  divert_nft_describe (ruleset, rule, packet, ret_text);
}

static void
nftables_free (DivertBackend *backend)
{
  NftablesBackend *self = (NftablesBackend *) backend;

  divert_nft_watch_free (self->watch);
  forget (self);
  divert_nft_preparations_clear (&self->preparations);
  divert_nft_free (self->nft);
  g_free (self);
}

static const DivertBackendClass nftables_class = {
  .name = "nftables",
  .probe = nftables_probe,
  .apply = nftables_apply,
  .withdraw = nftables_withdraw,
  .watch = nftables_watch,
  .find_drift = nftables_find_drift,
  .holds = nftables_holds,
  .inspect = nftables_inspect,
  .count_dropped = nftables_count_dropped,
  .to_text = nftables_to_text,
  .describe = nftables_describe,
  .free = nftables_free,
};

DivertBackend *
divert_backend_nftables_new (void)
{
  NftablesBackend *self = g_new0 (NftablesBackend, 1);

  self->parent.klass = &nftables_class;
  return &self->parent;
}
