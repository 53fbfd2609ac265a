/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: which backend is taken.
 *
 * AUTO takes the first that works in both families, and keeps in mind why it passed over the one before it.  If none
 * does, the first that works in one family is better than none.  A kernel that is too busy to say what it has is asked
 * again for a while.  If it stays so, the second choice is better than no rules, but each run then asks for the first.
 */
#include "choice-private.h"

/* How often to ask a busy kernel before the second choice.  Each run asks for both families. */
#define PATIENCE 20

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
          if (error != NULL && *error == NULL)
            g_propagate_error (error, g_steal_pointer (&failure));
        }
      else if (error != NULL && *error == NULL)
        g_propagate_error (error, g_steal_pointer (&failure));
    }
  return n;
}

void
divert_choice_take (DivertChoice *self,
                    guint         chosen)
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
rate (DivertChoice  *self,
      guint          i,
      gboolean      *ret_sure,
      GError       **error)
{
  *ret_sure = TRUE;
  if (self->kind == DIVERT_BACKEND_AUTO)
    return count_families (self->backends[i], ret_sure, error);
  return self->kind == self->kinds[i] ? DIVERT_N_FAMILIES : 0;
}

/* Unless one is known to work in both families, the chosen one says what it lacks, and all are asked again the next
 * time. */
void
divert_choice_settle (DivertChoice *self)
{
  g_autoptr(GError) lack = NULL;
  guint best = 0, chosen = 0;
  gboolean sure = TRUE;

  if (self->settled)
    return;
  for (guint i = 0; i < DIVERT_CHOICE_N && best < DIVERT_N_FAMILIES; i++)
    {
      gboolean is_sure;
      const guint n = rate (self, i, &is_sure, i == 0 ? &lack : NULL);

      if (i == 0)
        self->n_busy = is_sure ? 0 : self->n_busy + 1;
      if (n <= best || (i == 0 && self->n_busy > PATIENCE))
        continue;
      best = n;
      chosen = i;
      sure = is_sure;
    }
  self->settled = best == DIVERT_N_FAMILIES && sure && self->n_busy == 0;
  g_free (self->passed_over);
  self->passed_over = chosen > 0 && lack != NULL ? g_strdup (lack->message) : NULL;
  self->klass.passed_over = self->passed_over;
  divert_choice_take (self, chosen);
}

gboolean
divert_choice_should_ask (const DivertChoice *self)
{
  return self->n_busy > PATIENCE;
}
