/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the list of backends, the best one first, and the change from one to another.
 *
 * Theory of operation.  The new one's rules are applied first, and then those of the others are removed.  In between a
 * packet meets both, and they agree: the first to see it marks it, and to the second it bears somebody else's mark; who
 * hands it to the proxy's socket finds the same one.  If the new one's cannot be applied, the others' stay, but they
 * may be of a place that was left since, so their grants are taken away.
 *
 * An earlier helper may have left rules with any of them, so the first success also removes the others'.  Nothing of
 * theirs is loaded or created for that.  The unit may look at the legacy tables only if they were there when it was
 * read (helper/grant.c).  If they came later, they are somebody else's, and are passed over.
 */
#include "choice.h"

#include "choice-private.h"
#include "system/filter/iptables/iptables.h"
#include "system/filter/nftables/nftables.h"

static const struct
{
  DivertBackendKind kind;
  DivertBackend    *(*create) (void);
} kinds[] = {
  { DIVERT_BACKEND_NFTABLES, divert_backend_nftables_new },
  { DIVERT_BACKEND_IPTABLES, divert_backend_iptables_new },
};

G_STATIC_ASSERT (G_N_ELEMENTS (kinds) == DIVERT_CHOICE_N);

static DivertBackend *
get_chosen (DivertChoice *self)
{
  return self->backends[self->chosen];
}

static gboolean
choice_choose (DivertBackend     *backend,
               DivertBackendKind  kind,
               gboolean           needs_cgroups)
{
  DivertChoice *self = (DivertChoice *) backend;

  if (self->kind == kind && backend->needs_cgroups == needs_cgroups && !divert_choice_should_ask (self))
    return FALSE;
  self->kind = kind;
  self->settled = FALSE;
  backend->needs_cgroups = needs_cgroups;
  for (guint i = 0; i < DIVERT_CHOICE_N; i++)
    self->backends[i]->needs_cgroups = needs_cgroups;
  return TRUE;
}

static gboolean
choice_probe (DivertBackend  *backend,
              DivertFamily    family,
              GError        **error)
{
  DivertChoice *self = (DivertChoice *) backend;

  divert_choice_settle (self);
  return get_chosen (self)->klass->probe (get_chosen (self), family, error);
}

/* The unit doesn't let us look at what it has. */
static gboolean
is_hidden (DivertBackend *backend)
{
  g_autoptr(GError) error = NULL;
  gboolean any;

  return !backend->klass->inspect (backend, &any, &error) &&
         g_error_matches (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_PERMISSION);
}

/* Its watch ends with it. */
static gboolean
empty_one (DivertChoice   *self,
           guint           i,
           DivertApplied  *applied,
           GError        **error)
{
  g_autoptr(DivertRuleset) nothing = divert_ruleset_new_empty ();
  DivertApplied removed = { 0, 0, FALSE };

  if (!self->backends[i]->klass->apply (self->backends[i], nothing, &removed, error))
    return FALSE;
  applied->writes += removed.writes;
  applied->last_write = MAX (applied->last_write, removed.last_write);
  divert_backend_free (self->backends[i]);
  self->backends[i] = kinds[i].create ();
  self->backends[i]->needs_cgroups = self->parent.needs_cgroups;
  return TRUE;
}

/* Removes the others' rules. */
static gboolean
empty_others (DivertChoice   *self,
              DivertApplied  *applied,
              GError        **error)
{
  gboolean alone = TRUE;

  for (guint i = 0; !self->alone && i < DIVERT_CHOICE_N; i++)
    {
      g_autoptr(GError) failure = NULL;

      if (i == self->chosen || empty_one (self, i, applied, &failure))
        continue;
      alone = FALSE;
      if (is_hidden (self->backends[i]))
        continue;
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  self->alone |= alone;
  return TRUE;
}

static void
withdraw_others (DivertChoice *self)
{
  for (guint i = 0; !self->alone && i < DIVERT_CHOICE_N; i++)
    if (i != self->chosen)
      self->backends[i]->klass->withdraw (self->backends[i], NULL);
}

static gboolean
choice_apply (DivertBackend  *backend,
              DivertRuleset  *ruleset,
              DivertApplied  *applied,
              GError        **error)
{
  DivertChoice *self = (DivertChoice *) backend;

  if (get_chosen (self)->klass->apply (get_chosen (self), ruleset, applied, error))
    return empty_others (self, applied, error);
  withdraw_others (self);
  return FALSE;
}

static gboolean
choice_withdraw (DivertBackend  *backend,
                 GError        **error)
{
  DivertChoice *self = (DivertChoice *) backend;
  gboolean ok = TRUE;

  for (guint i = 0; i < DIVERT_CHOICE_N; i++)
    if ((i == self->chosen || !is_hidden (self->backends[i])) &&
        !self->backends[i]->klass->withdraw (self->backends[i], ok ? error : NULL))
      ok = FALSE;
  return ok;
}

static void
choice_watch (DivertBackend *backend,
              DivertTouched  touched,
              gpointer       user_data)
{
  DivertChoice *self = (DivertChoice *) backend;

  self->touched = touched;
  self->touched_data = user_data;
  get_chosen (self)->klass->watch (get_chosen (self), touched, user_data);
}

static DivertParts
choice_find_drift (DivertBackend *backend,
                   gboolean       thorough)
{
  DivertBackend *chosen = get_chosen ((DivertChoice *) backend);

  return chosen->klass->find_drift (chosen, thorough);
}

static gboolean
choice_inspect (DivertBackend  *backend,
                gboolean       *ret_any,
                GError        **error)
{
  DivertChoice *self = (DivertChoice *) backend;
  gboolean any = FALSE;

  for (guint i = 0; i < DIVERT_CHOICE_N && !any; i++)
    if ((i == self->chosen || !is_hidden (self->backends[i])) &&
        !self->backends[i]->klass->inspect (self->backends[i], &any, error))
      return FALSE;
  *ret_any = any;
  return TRUE;
}

static gboolean
choice_count_dropped (DivertBackend  *backend,
                      guint64        *ret_packets,
                      GError        **error)
{
  DivertChoice *self = (DivertChoice *) backend;
  guint64 sum = 0;

  for (guint i = 0; i < DIVERT_CHOICE_N; i++)
    {
      guint64 packets;

      if (i != self->chosen && is_hidden (self->backends[i]))
        continue;
      if (!self->backends[i]->klass->count_dropped (self->backends[i], &packets, error))
        return FALSE;
      sum += packets;
    }
  *ret_packets = sum;
  return TRUE;
}

static char *
choice_to_text (DivertBackend       *backend,
                const DivertRuleset *ruleset)
{
  DivertBackend *chosen = get_chosen ((DivertChoice *) backend);

  return chosen->klass->to_text (chosen, ruleset);
}

static void
choice_describe (DivertBackend       *backend,
                 const DivertRuleset *ruleset,
                 const DivertRule    *rule,
                 const DivertPacket  *packet,
                 DivertRuleText      *ret_text)
{
  DivertBackend *chosen = get_chosen ((DivertChoice *) backend);

  chosen->klass->describe (chosen, ruleset, rule, packet, ret_text);
}

static void
choice_free (DivertBackend *backend)
{
  DivertChoice *self = (DivertChoice *) backend;

  for (guint i = 0; i < DIVERT_CHOICE_N; i++)
    divert_backend_free (self->backends[i]);
  g_free (self->passed_over);
  g_free (self);
}

static const DivertBackendClass choice_class = {
  .choose = choice_choose,
  .probe = choice_probe,
  .apply = choice_apply,
  .withdraw = choice_withdraw,
  .watch = choice_watch,
  .find_drift = choice_find_drift,
  .inspect = choice_inspect,
  .count_dropped = choice_count_dropped,
  .to_text = choice_to_text,
  .describe = choice_describe,
  .free = choice_free,
};

DivertBackend *
divert_choice_new (void)
{
  DivertChoice *self = g_new0 (DivertChoice, 1);

  self->klass = choice_class;
  self->parent.klass = &self->klass;
  for (guint i = 0; i < DIVERT_CHOICE_N; i++)
    {
      self->backends[i] = kinds[i].create ();
      self->kinds[i] = kinds[i].kind;
    }
  divert_choice_take (self, 0);
  return &self->parent;
}

DivertBackend *
divert_choice_new_backend (DivertBackendKind kind)
{
  for (guint i = 0; i < DIVERT_CHOICE_N; i++)
    if (kind == DIVERT_BACKEND_AUTO || kind == kinds[i].kind)
      return kinds[i].create ();
  g_assert_not_reached ();
}

DivertBackend *
divert_choice_new_by_name (const char *name)
{
  for (guint i = 0; i < DIVERT_CHOICE_N; i++)
    {
      g_autoptr(DivertBackend) backend = kinds[i].create ();

      if (g_str_equal (backend->klass->name, name))
        return g_steal_pointer (&backend);
    }
  return NULL;
}
