/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the memory of the fence that we left.
 *
 * What a run adds is either new, or somebody has removed it since the last run.  Only the second is drift.  A panel
 * that went with its device counts as the device.
 */
#include "fence-left.h"

void
divert_fence_left_clear (DivertFenceLeft *left)
{
  g_clear_pointer (&left->fence, divert_fence_free);
}

/* The panels of the internet come with the gates. */
static GArray *
list_inner (const DivertFence *fence)
{
  GArray *inner = divert_prefixes_new ();

  for (guint i = 0; i < fence->panels->len; i++)
    if (!divert_fence_is_outer (fence, divert_prefixes_index (fence->panels, i)))
      divert_prefixes_add (inner, divert_prefixes_index (fence->panels, i));
  return inner;
}

void
divert_fence_left_set (DivertFenceLeft   *left,
                       const DivertFence *fence,
                       gboolean           open)
{
  DivertFence *kept = g_new0 (DivertFence, 1);

  *kept = *fence;
  kept->panels = open || !fence->outer ? g_array_ref (fence->panels) : list_inner (fence);
  kept->gates = open ? g_array_ref (fence->gates) : divert_prefixes_new ();
  divert_fence_left_clear (left);
  left->fence = kept;
}

void
divert_fence_left_shut (DivertFenceLeft *left)
{
  if (left->fence == NULL)
    return;
  g_array_unref (left->fence->gates);
  left->fence->gates = divert_prefixes_new ();
}

/* Is one of @wanted missing that was left? */
static gboolean
is_missing (const GArray     *wanted,
            const GByteArray *present,
            const GArray     *left,
            DivertFamily      family)
{
  for (guint i = 0; i < wanted->len; i++)
    if (!present->data[i] && divert_prefixes_index (wanted, i)->family == family &&
        g_array_binary_search ((GArray *) left, divert_prefixes_index (wanted, i),
                               (GCompareFunc) divert_prefix_compare, NULL))
      return TRUE;
  return FALSE;
}

DivertParts
divert_fence_left_find_drift (const DivertFenceLeft   *left,
                              const DivertFenceWriter *w,
                              gboolean                 whole)
{
  const DivertFence *then = left->fence, *now = w->fence;
  DivertParts changed = 0;

  if (then == NULL || then->table != now->table || then->mark != now->mark || then->mask != now->mask)
    return 0;
  /* A fence without panels has no device.  Until the first site is configured, there is nothing to hold. */
  if (!whole && then->families != DIVERT_FAMILIES_NONE)
    changed |= 1u << DIVERT_PART_FENCE_DEVICE;
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      const DivertFenceState *state = w->states[family];

      if (state->mute || (then->families & now->families & (1 << family)) == 0)
        continue;
      if ((state->rule == NULL && then->priorities[family] == now->priorities[family]) ||
           (whole && is_missing (now->panels, state->panels, then->panels, family)) ||
          is_missing (now->gates, state->gates, then->gates, family))
        changed |= divert_part_of (DIVERT_PART_FENCE_IPV4, family);
    }
  return changed;
}
