/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the guard's table in the kernel.
 *
 * Theory of operation.  If the rules are in the legacy tables, another program flushes those, all at once, and then the
 * fence still holds an intranet's packets, but not those of a socket that is bound to a device: it asks for that
 * device's routes alone.  This table holds them.  Nothing that flushes legacy tables touches it, and the legacy rules
 * hold when somebody flushes nftables.  Each of the two decides alone, so a packet goes straight only if both let it.
 *
 * It is written behind the rules and before the fence opens: nftables' writers wait for each other, and a revocation
 * waits for nobody's table.  Without a grant nothing here is of use to anybody, so the order doesn't matter otherwise.
 *
 * If no service manager watches the helper, it stands beside rules in nftables, too, and a grant lives for some
 * seconds.  The main loop renews it while it turns and its last decision is "at a site".  A grant that has lapsed is
 * never renewed: whoever was stopped for so long may have been carried anywhere, so a run has to look first.  The
 * kernel's clock and ours both stand still while the machine sleeps.
 *
 * Under a watchdog nothing lapses, because the service manager takes the grants of a helper that hangs away just as
 * soon, and a renewal has its price: nftables' writers wait for each other, and one that closes its socket waits for an
 * RCU grace period meanwhile (K1.14).  That takes seconds on a busy machine, and a lost carrier would have to wait.
 *
 * The table is known for ours by a digest in its user data.  One of the same name that lacks it is somebody else's, and
 * is left alone.
 */
#include "system/filter/guard.h"

#include "guard-granted.h"
#include "nft-failure.h"
#include "nft-owner.h"
#include "nft-watch.h"
#include "nftables-read.h"
#include "nftables-write.h"
#include "system/filter/backend.h"

#include <errno.h>

/* What the kernel lacks isn't asked for in each run: it would look for a module. */
#define RETRY_US (10 * G_USEC_PER_SEC)
/* The kernel's clock goes by such steps at the most, and may be one behind. */
#define TICK_US 10000

struct DivertGuard
{
  guint           lifetime_ms;
  DivertNft      *nft;        /* NULL: not asked yet */
  DivertNftWatch *watch;      /* NULL: nobody wants to know */
  DivertRuleset  *rules;      /* in the kernel … */
  DivertNftTable *table;      /* … and as a table, */
  guint32         generation; /* as of this one; 0: not known */
  gint64          lapses;     /* monotonic: when the grants do */
  gint64          lacking;    /* monotonic: when the kernel was last found to lack something; 0: it is not */
  gint64          no_tproxy;  /* likewise of what delivering takes */
};

DivertGuard *
divert_guard_new (guint lifetime_ms)
{
  DivertGuard *guard = g_new0 (DivertGuard, 1);

  guard->lifetime_ms = lifetime_ms;
  guard->rules = divert_ruleset_new_empty ();
  guard->table = divert_guard_table_new (guard->rules, lifetime_ms);
  return guard;
}

void
divert_guard_free (DivertGuard *guard)
{
  if (guard == NULL)
    return;
  divert_nft_watch_free (guard->watch);
  divert_nft_free (guard->nft);
  divert_ruleset_unref (guard->rules);
  divert_nft_table_free (guard->table);
  g_free (guard);
}

gboolean
divert_guard_is_there (const DivertGuard *guard)
{
  return !divert_ruleset_is_empty (guard->rules);
}

gboolean
divert_guard_delivers (const DivertGuard *guard)
{
  return guard->table->rules[DIVERT_HOOK_AGAIN] != NULL;
}

static gboolean
open_nft (DivertGuard  *guard,
          GError      **error)
{
  if (guard->nft == NULL)
    guard->nft = divert_nft_new (error);
  return guard->nft != NULL;
}

typedef struct
{
  DivertGuard    *guard;
  DivertNftTable *table;      /* wanted */
  guint32         generation; /* behind it */
  gboolean        existed;    /* there was a guard */
  gboolean        renewed;    /* the grants live anew */
  gboolean        wrote;
} Attempt;

/* What isn't known to live is granted anew. */
static gboolean
add_grants (Attempt         *a,
            DivertNftBatch  *batch,
            GError         **error)
{
  const DivertNftSet *granted = divert_guard_table_get_granted (a->table);
  gboolean same = FALSE;

  if (granted == NULL)
    return TRUE;
  if (divert_nft_batch_length (batch) == 0 &&
      (granted->names[0] == NULL || g_get_monotonic_time () < a->guard->lapses) &&
      !divert_guard_read_granted (a->guard->nft, granted, &same, error))
    return FALSE;
  if (!same)
    divert_guard_put_granted (batch, granted);
  a->renewed = !same;
  return TRUE;
}

static gboolean
refuse_foreign (const Attempt  *a,
                GError        **error)
{
  if (divert_guard_table_get_granted (a->table) == NULL)
    return TRUE;
  g_set_error_literal (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_FOREIGN, "nftables: inet " DIVERT_GUARD_TABLE);
  return FALSE;
}

static gboolean
attempt (DivertNft  *nft,
         gpointer    user_data,
         GError    **error)
{
  Attempt *a = user_data;
  g_auto(DivertNftState) state = DIVERT_NFT_STATE_INIT;
  g_autoptr(DivertNftBatch) batch = divert_nft_batch_new ();

  if (!divert_nft_get_generation (nft, &a->generation, error) ||
      !divert_nft_read (nft, DIVERT_GUARD_TABLE, &state, error))
    return FALSE;
  if (state.exists && !state.is_ours)
    return refuse_foreign (a, error);
  a->existed = state.exists;
  divert_nft_write (batch, &state, a->table, divert_nft_owner_get (nft));
  if (!add_grants (a, batch, error))
    return FALSE;
  return divert_nft_owner_commit (batch, nft, &state, "inet " DIVERT_GUARD_TABLE, "guard-commit", &a->generation,
                                  &a->wrote, error);
}

static gboolean
has_grants (const DivertGuard *guard)
{
  const DivertNftSet *granted = divert_guard_table_get_granted (guard->table);

  return granted != NULL && granted->names[0] != NULL;
}

/* As most runs find it. */
static gboolean
is_as_wanted (DivertGuard         *guard,
              const DivertRuleset *rules)
{
  guint32 generation;

  return guard->generation != 0 && divert_ruleset_same (guard->rules, rules) &&
         (!has_grants (guard) || g_get_monotonic_time () < guard->lapses) &&
         divert_nft_get_generation (guard->nft, &generation, NULL) && generation == guard->generation;
}

/* Grants that were written at @start or later. */
static void
note_grants (DivertGuard *guard,
             gint64       start)
{
  guard->lapses = guard->lifetime_ms > 0 ? start + guard->lifetime_ms * G_TIME_SPAN_MILLISECOND - TICK_US : G_MAXINT64;
}

static void
keep (DivertGuard    *guard,
      DivertRuleset  *rules,
      Attempt        *a,
      gint64          start)
{
  divert_ruleset_unref (guard->rules);
  guard->rules = rules;
  divert_nft_table_free (guard->table);
  guard->table = a->table;
  guard->generation = a->generation;
  guard->lacking = 0;
  if (a->renewed)
    note_grants (guard, start);
}

static gboolean
was_lacking (gint64 lacking,
             gint64 now)
{
  return lacking != 0 && now < lacking + RETRY_US;
}

gboolean
divert_guard_apply (DivertGuard          *guard,
                    const DivertRuleset  *whole,
                    gboolean              delivers,
                    gboolean             *ret_wrote,
                    GError              **error)
{
  const gint64 start = g_get_monotonic_time ();
  const gboolean tries = delivers && !was_lacking (guard->no_tproxy, start);
  g_autoptr(DivertRuleset) rules = divert_ruleset_new_guard (whole, tries);
  g_autoptr(DivertNftTable) table = NULL;
  g_autoptr(GError) failure = NULL;
  Attempt a = { .guard = guard };

  *ret_wrote = FALSE;
  if (is_as_wanted (guard, rules) || was_lacking (guard->lacking, start))
    return TRUE;
  a.table = table = divert_guard_table_new (rules, guard->lifetime_ms);
  if (open_nft (guard, &failure) && divert_nft_try (guard->nft, attempt, &a, &failure))
    {
      *ret_wrote = a.wrote;
      g_steal_pointer (&table);
      keep (guard, g_steal_pointer (&rules), &a, start);
      return TRUE;
    }
  guard->generation = 0;
  if (tries && a.generation != 0 && divert_nft_is_absent (failure, FALSE))
    {
      guard->no_tproxy = start;
      return divert_guard_apply (guard, whole, delivers, ret_wrote, error);
    }
  /* If there is a guard, nothing is lacking: it may have to be written in order to revoke something. */
  if (a.existed || !divert_nft_is_absent (failure, a.generation != 0))
    return divert_nft_fail (error, failure, DIVERT_BACKEND_ERROR_REFUSED);
  g_debug ("no guard: %s", failure->message);
  guard->lacking = start;
  return TRUE;
}

static gboolean
withdraw (DivertNft  *nft,
          gpointer    user_data,
          GError    **error)
{
  const DivertNftSet none = { .names = (char *[]){ NULL } };
  gboolean *answered = user_data;
  g_auto(DivertNftState) state = DIVERT_NFT_STATE_INIT;
  g_autoptr(DivertNftBatch) batch = divert_nft_batch_new ();

  if (!divert_nft_read_table (nft, DIVERT_GUARD_TABLE, &state, error))
    return FALSE;
  *answered = TRUE;
  if (!state.exists || !state.is_ours)
    return TRUE;
  if (!divert_nft_owner_permits (nft, &state, "inet " DIVERT_GUARD_TABLE, error))
    return FALSE;
  divert_guard_put_granted (batch, &none);
  return divert_nft_batch_commit_at (batch, nft, 0, "guard-withdraw", error);
}

gboolean
divert_guard_withdraw (DivertGuard  *guard,
                       GError      **error)
{
  g_autoptr(GError) failure = NULL;
  gboolean answered = FALSE;

  guard->generation = 0;
  guard->lapses = 0;
  if ((open_nft (guard, &failure) && divert_nft_try (guard->nft, withdraw, &answered, &failure)) ||
      divert_nft_is_absent (failure, answered))
    return TRUE;
  return divert_nft_fail (error, failure, DIVERT_BACKEND_ERROR_REFUSED);
}

/* Grants that have lapsed are no drift. */
static gboolean
is_changed (DivertGuard *guard)
{
  const DivertNftSet *granted = divert_guard_table_get_granted (guard->table);
  g_auto(DivertNftState) state = DIVERT_NFT_STATE_INIT;
  g_autoptr(DivertNftBatch) batch = divert_nft_batch_new ();
  gboolean same = TRUE;

  if (!divert_nft_read (guard->nft, DIVERT_GUARD_TABLE, &state, NULL))
    return FALSE;
  divert_nft_write (batch, &state, guard->table, divert_nft_owner_get (guard->nft));
  if (divert_nft_batch_length (batch) > 0)
    return TRUE;
  return g_get_monotonic_time () < guard->lapses &&
         divert_guard_read_granted (guard->nft, granted, &same, NULL) && !same;
}

gboolean
divert_guard_find_drift (DivertGuard *guard)
{
  guint32 generation;

  if (!divert_guard_is_there (guard) || !divert_nft_get_generation (guard->nft, &generation, NULL) ||
      generation == guard->generation)
    return FALSE;
  if (is_changed (guard))
    return TRUE;
  guard->generation = generation;
  return FALSE;
}

void
divert_guard_watch (DivertGuard   *guard,
                    DivertTouched  touched,
                    gpointer       user_data)
{
  if (touched == NULL)
    g_clear_pointer (&guard->watch, divert_nft_watch_free);
  else if (guard->watch == NULL)
    guard->watch = divert_nft_watch_new (touched, user_data);
}

gboolean
divert_guard_renew (DivertGuard *guard)
{
  const gint64 start = g_get_monotonic_time ();
  g_autoptr(DivertNftBatch) batch = NULL;
  g_autoptr(GError) error = NULL;
  gboolean ok;

  if (!has_grants (guard) || guard->lifetime_ms == 0)
    return TRUE;
  if (start >= guard->lapses)
    return FALSE;
  batch = divert_nft_batch_new ();
  divert_guard_put_granted (batch, divert_guard_table_get_granted (guard->table));
  ok = divert_nft_batch_commit_at (batch, guard->nft, guard->generation, "guard-renew", &error);
  if (ok && guard->generation != 0)
    guard->generation = divert_nft_next_generation (guard->generation);
  else
    guard->generation = 0;
  /* Somebody has written elsewhere: the next run looks whether it was here. */
  if (g_error_matches (error, DIVERT_NETLINK_ERROR, ERESTART))
    ok = divert_nft_batch_commit (batch, guard->nft, 0, NULL);
  if (ok)
    note_grants (guard, start);
  return ok;
}
