/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the iptables backend: the order of its commits.
 *
 * Theory of operation.  There are six tables (mangle, nat and filter, each for IPv4 and IPv6), and each is
 * changed with a commit of its own.
 *
 *   applying  mangle first, then nat: after the first, DIVERT_GUARD drops marked packets that have no route to the
 *             proxy yet, and DNS that nat does not redirect yet; filter last
 *   closing   the same, but filter first: what is no longer to be given to a port is refused there, while mangle
 *             still has TPROXY for the connections that the port has.  If mangle came first, it might take the
 *             proxy's packets for a program's while the port is still fed, and they would go round in circles
 *   removing  the first in reverse
 *
 * The table filter is neither created nor read while there is nothing to refuse.
 *
 * A change of place only changes mangle, with one commit per family, so each family is entirely at
 * the old place or entirely at the new one.  If mangle fails, nat is left as it is: what is not
 * redirected is blocked, not direct.
 *
 * Other programs write to the same tables.  Their use of the lock tells us when (xtables-watch.c),
 * and a comparison with what we left there tells whether our rules are still whole
 * (iptables-left.c).
 */
#include "iptables.h"
#include "iptables-chains.h"
#include "iptables-expand.h"
#include "iptables-table.h"
#include "iptables-left.h"
#include "iptables-read.h"
#include "iptables-text.h"
#include "iptables-write.h"
#include "xtables-watch.h"

typedef struct
{
  DivertBackend         parent;
  DivertIptablesLeft    left[DIVERT_XT_N_TABLES][DIVERT_N_FAMILIES];
  gboolean              refuses[DIVERT_N_FAMILIES]; /* there are rules of ours in filter, or there may be */
  DivertIptablesReader  reader;
  DivertXtablesWatch   *watch; /* NULL: nobody wants to know */
} IptablesBackend;

static gboolean
iptables_probe (DivertBackend  *backend,
                DivertFamily    family,
                GError        **error)
{
  return divert_iptables_probe (divert_iptables_family_get (family), backend->needs_cgroups, error);
}

/* Neither before nor now is there anything of ours in it. */
static gboolean
is_idle (const IptablesBackend *self,
         const DivertXtRuleset *xt,
         DivertXtTable          table,
         DivertFamily           family)
{
  return table == DIVERT_XT_FILTER && self->left[table][family].ruleset != NULL && !self->refuses[family] &&
         !divert_xt_rules_use (xt->rules[family], table);
}

static gboolean
apply_table (IptablesBackend        *self,
             DivertRuleset          *ruleset,
             const DivertXtRuleset  *xt,
             DivertXtTable           table,
             DivertFamily            family,
             DivertApplied          *applied,
             GError                **error)
{
  DivertIptablesLeft *left = &self->left[table][family];
  const DivertChains chains = divert_xt_table_chains (table);
  const gboolean known = left->ruleset != NULL;
  const gboolean same = known && divert_ruleset_same_rules (left->ruleset, ruleset, family, chains);
  g_autoptr(GError) local_error = NULL;
  gboolean wrote = FALSE;

  if (is_idle (self, xt, table, family))
    {
      divert_iptables_left_set (left, ruleset, FALSE);
      return TRUE;
    }
  if (same && (divert_iptables_left_is_untouched (left, &self->reader, family, table) ||
               divert_iptables_left_is_whole (left, &self->reader, family, table, xt->rules[family])))
    return TRUE;
  if (!divert_iptables_write (family, table, xt->rules[family], known, &wrote, &local_error))
    {
      /* If somebody else holds the lock, we have written nothing. */
      if (!g_error_matches (local_error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_BUSY))
        divert_iptables_left_forget (left);
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  divert_applied_add (applied, wrote);
  divert_iptables_left_set (left, ruleset, wrote);
  if (table == DIVERT_XT_FILTER)
    self->refuses[family] = divert_xt_rules_use (xt->rules[family], table);
  return TRUE;
}

/* Is something to be refused that isn't yet, as far as we know? */
static gboolean
is_closing (const IptablesBackend *self,
            const DivertRuleset   *ruleset,
            const DivertXtRuleset *xt)
{
  const DivertChains chains = divert_xt_table_chains (DIVERT_XT_FILTER);

  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      const DivertRuleset *left = self->left[DIVERT_XT_FILTER][family].ruleset;

      if (divert_xt_rules_use (xt->rules[family], DIVERT_XT_FILTER) &&
          (left == NULL || !divert_ruleset_same_rules (left, ruleset, family, chains)))
        return TRUE;
    }
  return FALSE;
}

static gboolean
iptables_apply (DivertBackend  *backend,
                DivertRuleset  *ruleset,
                DivertApplied  *applied,
                GError        **error)
{
  static const DivertXtTable laying[DIVERT_XT_N_TABLES] = { DIVERT_XT_MANGLE, DIVERT_XT_NAT, DIVERT_XT_FILTER };
  static const DivertXtTable closing[DIVERT_XT_N_TABLES] = { DIVERT_XT_FILTER, DIVERT_XT_MANGLE, DIVERT_XT_NAT };
  static const DivertXtTable removing[DIVERT_XT_N_TABLES] = { DIVERT_XT_FILTER, DIVERT_XT_NAT, DIVERT_XT_MANGLE };
  g_autoptr(DivertXtRuleset) xt = divert_xt_ruleset_new (ruleset);
  IptablesBackend *self = (IptablesBackend *) backend;
  const DivertXtTable *tables = divert_ruleset_is_empty (ruleset) ? removing
                                : is_closing (self, ruleset, xt)  ? closing
                                                                  : laying;
  gboolean ok = TRUE, goes_on = TRUE;

  if (self->watch != NULL && !divert_ruleset_is_empty (ruleset))
    divert_xtables_watch_renew (self->watch);
  for (guint i = 0; i < DIVERT_XT_N_TABLES && goes_on; i++)
    {
      gboolean whole = TRUE;

      for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
        if (!apply_table (self, ruleset, xt, tables[i], family, applied, ok ? error : NULL))
          ok = whole = FALSE;
      if (whole && tables[i] == DIVERT_XT_MANGLE)
        applied->guarded = TRUE;
      /* What can't be refused must be judged all the same. */
      goes_on = whole || (tables == closing && tables[i] == DIVERT_XT_FILTER);
    }
  return ok;
}

static gboolean
iptables_withdraw (DivertBackend  *backend,
                   GError        **error)
{
  IptablesBackend *self = (IptablesBackend *) backend;
  gboolean ok = TRUE;

  /* A failure in one family must not stop the other. */
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      divert_iptables_left_forget (&self->left[DIVERT_XT_MANGLE][family]);
      if (!divert_iptables_withdraw (family, ok ? error : NULL))
        ok = FALSE;
    }
  return ok;
}

static void
iptables_watch (DivertBackend *backend,
                DivertTouched  touched,
                gpointer       user_data)
{
  IptablesBackend *self = (IptablesBackend *) backend;

  divert_xtables_watch_free (self->watch);
  self->watch = divert_xtables_watch_new (touched, user_data);
}

static DivertParts
iptables_find_drift (DivertBackend *backend,
                     gboolean       thorough)
{
  static const DivertPart parts[DIVERT_XT_N_TABLES] = {
    [DIVERT_XT_MANGLE] = DIVERT_PART_MANGLE_IPV4,
    [DIVERT_XT_NAT] = DIVERT_PART_NAT_IPV4,
    [DIVERT_XT_FILTER] = DIVERT_PART_FILTER_IPV4,
  };
  gboolean (*untouched) (const DivertIptablesLeft *, DivertIptablesReader *, DivertFamily, DivertXtTable) =
    thorough ? divert_iptables_left_is_untouched : divert_iptables_left_seems_untouched;
  IptablesBackend *self = (IptablesBackend *) backend;
  g_autoptr(DivertXtRuleset) xt = NULL;
  const DivertRuleset *translated = NULL;
  DivertParts changed = 0;

  if (self->watch != NULL)
    divert_xtables_watch_renew (self->watch);
  for (guint i = 0; i < DIVERT_XT_N_TABLES * DIVERT_N_FAMILIES; i++)
    {
      const guint table = i / DIVERT_N_FAMILIES, family = i % DIVERT_N_FAMILIES;
      DivertIptablesLeft *left = &self->left[table][family];

      if (left->ruleset == NULL || (table == DIVERT_XT_FILTER && !self->refuses[family]) ||
          untouched (left, &self->reader, family, table))
        continue;
      /* Usually all tables have the same ruleset. */
      if (translated != left->ruleset)
        {
          g_clear_pointer (&xt, divert_xt_ruleset_free);
          xt = divert_xt_ruleset_new (left->ruleset);
          translated = left->ruleset;
        }
      if (!divert_iptables_left_is_whole (left, &self->reader, family, table, xt->rules[family]))
        changed |= divert_part_of (parts[table], family);
    }
  return changed;
}

static gboolean
iptables_holds (DivertBackend        *backend,
                const DivertRuleset  *ruleset,
                gboolean             *ret_holds,
                GError              **error)
{
  g_autoptr(DivertXtRuleset) xt = divert_xt_ruleset_new (ruleset);
  gboolean holds = TRUE;

  for (guint i = 0; i < DIVERT_N_FAMILIES * DIVERT_XT_N_TABLES && holds; i++)
    {
      const DivertFamily family = i % DIVERT_N_FAMILIES;
      const DivertXtTable table = i / DIVERT_N_FAMILIES;

      /* The table filter isn't looked at while there is nothing to refuse. */
      if (table != DIVERT_XT_FILTER || divert_xt_rules_use (xt->rules[family], table))
        holds = divert_iptables_holds (family, table, xt->rules[family]);
    }
  *ret_holds = holds;
  return TRUE;
}

static gboolean
iptables_inspect (DivertBackend  *backend,
                  gboolean       *ret_any,
                  GError        **error)
{
  gboolean any = FALSE;

  for (guint i = 0; i < DIVERT_N_FAMILIES * DIVERT_XT_N_TABLES && !any; i++)
    {
      const DivertIptablesFamily *ops = divert_iptables_family_get (i % DIVERT_N_FAMILIES);
      const DivertXtTable id = i / DIVERT_N_FAMILIES;
      g_auto(DivertIptablesTable) table = DIVERT_IPTABLES_TABLE_INIT;

      if (!divert_iptables_table_exists (ops, id))
        continue;
      if (!divert_iptables_table_open (&table, ops, id, error))
        return FALSE;
      any = !divert_iptables_read_is_clean (&table, id);
    }
  *ret_any = any;
  return TRUE;
}

static gboolean
iptables_count_dropped (DivertBackend  *backend,
                        guint64        *ret_packets,
                        GError        **error)
{
  guint64 packets = 0;

  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      const DivertIptablesFamily *ops = divert_iptables_family_get (family);
      g_auto(DivertIptablesTable) now = DIVERT_IPTABLES_TABLE_INIT;

      if (!divert_iptables_table_exists (ops, DIVERT_XT_MANGLE))
        continue;
      if (!divert_iptables_table_open (&now, ops, DIVERT_XT_MANGLE, error))
        return FALSE;
      packets += divert_iptables_read_dropped (&now, DIVERT_XT_MANGLE);
    }
  *ret_packets = packets;
  return TRUE;
}

static char *
iptables_to_text (DivertBackend       *backend,
                  const DivertRuleset *ruleset)
{
  return divert_xt_to_text (ruleset);
}

static void
iptables_describe (DivertBackend       *backend,
                   const DivertRuleset *ruleset,
                   const DivertRule    *rule,
                   const DivertPacket  *packet,
                   DivertRuleText      *ret_text)
{
  divert_xt_describe (ruleset, rule, packet, ret_text);
}

static void
iptables_free (DivertBackend *backend)
{
  IptablesBackend *self = (IptablesBackend *) backend;

  for (guint table = 0; table < DIVERT_XT_N_TABLES; table++)
    for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
      divert_iptables_left_forget (&self->left[table][family]);
  divert_iptables_reader_clear (&self->reader);
  divert_xtables_watch_free (self->watch);
  g_free (self);
}

static const DivertBackendClass iptables_class = {
  .name = "iptables",
  .wants_guard = TRUE,
  .probe = iptables_probe,
  .apply = iptables_apply,
  .withdraw = iptables_withdraw,
  .watch = iptables_watch,
  .find_drift = iptables_find_drift,
  .holds = iptables_holds,
  .inspect = iptables_inspect,
  .count_dropped = iptables_count_dropped,
  .to_text = iptables_to_text,
  .describe = iptables_describe,
  .free = iptables_free,
};

DivertBackend *
divert_backend_iptables_new (void)
{
  IptablesBackend *self = g_new0 (IptablesBackend, 1);

  self->parent.klass = &iptables_class;
  divert_iptables_reader_init (&self->reader);
  return &self->parent;
}
