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
 * theirs is loaded or created for that.
 *
 * AUTO takes the first that works in both families, and keeps in mind why it passed over the one before it.  If none
 * does, the first that works in one family is better than none.
 */
#include "choice.h"

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

#define N_BACKENDS G_N_ELEMENTS (kinds)

typedef struct
{
  DivertBackend       parent;
  DivertBackendClass  klass;               /* the parent's, but with the chosen one's name and wishes */
  DivertBackend      *backends[N_BACKENDS];
  DivertBackendKind   kind;
  guint               chosen;
  char               *passed_over;         /* the parent class's */
  gboolean            settled;             /* @chosen is not to be asked for again */
  gboolean            alone;               /* the others are known to be empty */
  DivertTouched       touched;             /* NULL: nobody wants to know */
  gpointer            touched_data;
} Choice;

static DivertBackend *
get_chosen (Choice *self)
{
  return self->backends[self->chosen];
}

/* In how many families it works, or has nothing to do.  A kernel that is busy lacks nothing, as far as anybody knows;
 * then @ret_sure becomes FALSE.  @error: what it lacks in another family. */
static guint
count_families (DivertBackend  *backend,
                gboolean       *ret_sure,
                GError        **error)
{
  guint n = 0;

  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      g_autoptr(GError) failure = NULL;

      if (backend->klass->probe (backend, family, &failure) ||
          g_error_matches (failure, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_NO_FAMILY))
        n++;
      else if (g_error_matches (failure, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_BUSY))
        {
          *ret_sure = FALSE;
          n++;
        }
      else if (error != NULL && *error == NULL)
        g_propagate_error (error, g_steal_pointer (&failure));
    }
  return n;
}

static void
choose (Choice *self,
        guint   chosen)
{
  DivertBackend *backend = self->backends[chosen];

  if (self->touched != NULL && chosen != self->chosen)
    backend->klass->watch (backend, self->touched, self->touched_data);
  self->alone &= chosen == self->chosen;
  self->chosen = chosen;
  self->klass.name = backend->klass->name;
  self->klass.wants_guard = backend->klass->wants_guard;
}

static guint
rate (Choice    *self,
      guint      i,
      gboolean  *ret_sure,
      GError   **error)
{
  *ret_sure = TRUE;
  if (self->kind == DIVERT_BACKEND_AUTO)
    return count_families (self->backends[i], ret_sure, error);
  return self->kind == kinds[i].kind ? DIVERT_N_FAMILIES : 0;
}

/* Unless one is known to work in both families, the chosen one says what it lacks, and all are asked again the next
 * time. */
static void
settle (Choice *self)
{
  g_autoptr(GError) lack = NULL;
  guint best = 0, chosen = 0;
  gboolean sure = TRUE;

  if (self->settled)
    return;
  for (guint i = 0; i < N_BACKENDS && best < DIVERT_N_FAMILIES; i++)
    {
      gboolean is_sure;
      const guint n = rate (self, i, &is_sure, i == 0 ? &lack : NULL);

      if (n <= best)
        continue;
      best = n;
      chosen = i;
      sure = is_sure;
    }
  self->settled = best == DIVERT_N_FAMILIES && sure;
  g_free (self->passed_over);
  self->passed_over = chosen > 0 && lack != NULL ? g_strdup (lack->message) : NULL;
  self->klass.passed_over = self->passed_over;
  choose (self, chosen);
}

static gboolean
choice_choose (DivertBackend     *backend,
               DivertBackendKind  kind)
{
  Choice *self = (Choice *) backend;

  if (self->kind == kind)
    return FALSE;
  self->kind = kind;
  self->settled = FALSE;
  return TRUE;
}

static GPtrArray *
choice_list_modules (DivertBackend *backend)
{
  DivertBackend *chosen = get_chosen ((Choice *) backend);

  return chosen->klass->list_modules (chosen);
}

static gboolean
choice_probe (DivertBackend  *backend,
              DivertFamily    family,
              GError        **error)
{
  Choice *self = (Choice *) backend;

  settle (self);
  return get_chosen (self)->klass->probe (get_chosen (self), family, error);
}

/* Removes the others' rules.  Their watches end with them. */
static gboolean
empty_others (Choice         *self,
              DivertApplied  *applied,
              GError        **error)
{
  g_autoptr(DivertRuleset) nothing = divert_ruleset_new_empty ();

  for (guint i = 0; !self->alone && i < N_BACKENDS; i++)
    {
      DivertApplied removed = { 0, 0, FALSE };

      if (i == self->chosen)
        continue;
      if (!self->backends[i]->klass->apply (self->backends[i], nothing, &removed, error))
        return FALSE;
      applied->writes += removed.writes;
      applied->last_write = MAX (applied->last_write, removed.last_write);
      divert_backend_free (self->backends[i]);
      self->backends[i] = kinds[i].create ();
    }
  self->alone = TRUE;
  return TRUE;
}

static void
withdraw_others (Choice *self)
{
  for (guint i = 0; !self->alone && i < N_BACKENDS; i++)
    if (i != self->chosen)
      self->backends[i]->klass->withdraw (self->backends[i], NULL);
}

static gboolean
choice_apply (DivertBackend  *backend,
              DivertRuleset  *ruleset,
              DivertApplied  *applied,
              GError        **error)
{
  Choice *self = (Choice *) backend;

  if (get_chosen (self)->klass->apply (get_chosen (self), ruleset, applied, error))
    return empty_others (self, applied, error);
  withdraw_others (self);
  return FALSE;
}

static gboolean
choice_withdraw (DivertBackend  *backend,
                 GError        **error)
{
  Choice *self = (Choice *) backend;
  gboolean ok = TRUE;

  for (guint i = 0; i < N_BACKENDS; i++)
    if (!self->backends[i]->klass->withdraw (self->backends[i], ok ? error : NULL))
      ok = FALSE;
  return ok;
}

static void
choice_watch (DivertBackend *backend,
              DivertTouched  touched,
              gpointer       user_data)
{
  Choice *self = (Choice *) backend;

  self->touched = touched;
  self->touched_data = user_data;
  get_chosen (self)->klass->watch (get_chosen (self), touched, user_data);
}

static DivertParts
choice_find_drift (DivertBackend *backend,
                   gboolean       thorough)
{
  DivertBackend *chosen = get_chosen ((Choice *) backend);

  return chosen->klass->find_drift (chosen, thorough);
}

static gboolean
choice_inspect (DivertBackend  *backend,
                gboolean       *ret_any,
                GError        **error)
{
  Choice *self = (Choice *) backend;
  gboolean any = FALSE;

  for (guint i = 0; i < N_BACKENDS && !any; i++)
    if (!self->backends[i]->klass->inspect (self->backends[i], &any, error))
      return FALSE;
  *ret_any = any;
  return TRUE;
}

static gboolean
choice_count_dropped (DivertBackend  *backend,
                      guint64        *ret_packets,
                      GError        **error)
{
  Choice *self = (Choice *) backend;
  guint64 sum = 0;

  for (guint i = 0; i < N_BACKENDS; i++)
    {
      guint64 packets;

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
  DivertBackend *chosen = get_chosen ((Choice *) backend);

  return chosen->klass->to_text (chosen, ruleset);
}

static void
choice_describe (DivertBackend       *backend,
                 const DivertRuleset *ruleset,
                 const DivertRule    *rule,
                 const DivertPacket  *packet,
                 DivertRuleText      *ret_text)
{
  DivertBackend *chosen = get_chosen ((Choice *) backend);

  chosen->klass->describe (chosen, ruleset, rule, packet, ret_text);
}

static void
choice_free (DivertBackend *backend)
{
  Choice *self = (Choice *) backend;

  for (guint i = 0; i < N_BACKENDS; i++)
    divert_backend_free (self->backends[i]);
  g_free (self->passed_over);
  g_free (self);
}

static const DivertBackendClass choice_class = {
  .choose = choice_choose,
  .list_modules = choice_list_modules,
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
  Choice *self = g_new0 (Choice, 1);

  self->klass = choice_class;
  self->parent.klass = &self->klass;
  for (guint i = 0; i < N_BACKENDS; i++)
    self->backends[i] = kinds[i].create ();
  choose (self, 0);
  return &self->parent;
}

GPtrArray *
divert_choice_list_modules (DivertBackendKind kind,
                            guint             nth)
{
  for (guint i = 0; i < N_BACKENDS; i++)
    if ((kind == DIVERT_BACKEND_AUTO && i == nth) || (kind == kinds[i].kind && nth == 0))
      {
        g_autoptr(DivertBackend) backend = kinds[i].create ();

        return backend->klass->list_modules (backend);
      }
  return NULL;
}

DivertBackend *
divert_choice_new_backend (DivertBackendKind kind)
{
  for (guint i = 0; i < N_BACKENDS; i++)
    if (kind == DIVERT_BACKEND_AUTO || kind == kinds[i].kind)
      return kinds[i].create ();
  g_assert_not_reached ();
}

DivertBackend *
divert_choice_new_by_name (const char *name)
{
  for (guint i = 0; i < N_BACKENDS; i++)
    {
      g_autoptr(DivertBackend) backend = kinds[i].create ();

      if (g_str_equal (backend->klass->name, name))
        return g_steal_pointer (&backend);
    }
  return NULL;
}
