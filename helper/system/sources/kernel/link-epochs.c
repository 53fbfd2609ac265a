/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the numbers of epochs, and how each link looked when it was last seen.
 *
 * The number of an epoch is never reused, because a recreated link may have the number and the name of
 * one that is gone.
 */
#include "link-epochs.h"

struct DivertLinkEpochs
{
  GHashTable *seen;    /* ifindex → DivertLinkState, when last seen */
  GHashTable *numbers; /* ifindex → the number of its epoch */
  guint       common;  /* the number of the epoch that began for all links */
  guint       highest; /* number so far */
};

DivertLinkEpochs *
divert_link_epochs_new (void)
{
  DivertLinkEpochs *epochs = g_new0 (DivertLinkEpochs, 1);

  epochs->seen = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  epochs->numbers = g_hash_table_new (NULL, NULL);
  return epochs;
}

void
divert_link_epochs_free (DivertLinkEpochs *epochs)
{
  if (epochs == NULL)
    return;
  g_hash_table_unref (epochs->seen);
  g_hash_table_unref (epochs->numbers);
  g_free (epochs);
}

void
divert_link_epochs_begin (DivertLinkEpochs *epochs,
                          guint             ifindex)
{
  epochs->highest++;
  if (ifindex == 0)
    epochs->common = epochs->highest;
  else
    g_hash_table_insert (epochs->numbers, GUINT_TO_POINTER (ifindex), GUINT_TO_POINTER (epochs->highest));
}

guint
divert_link_epochs_get (const DivertLinkEpochs *epochs,
                        guint                   ifindex)
{
  guint number = GPOINTER_TO_UINT (g_hash_table_lookup (epochs->numbers, GUINT_TO_POINTER (ifindex)));

  return MAX (number, epochs->common);
}

/* Is it the same link, plugged in all the time, and with the same port if it is a bond?  Do not compare the MAC
 * address, because a bridge's depends on its ports. */
static gboolean
is_same (const DivertLinkState *a,
         const DivertLinkState *b)
{
  return a->carrier == b->carrier && a->carrier_changes == b->carrier_changes && a->master == b->master &&
         a->lower == b->lower && a->bonding == b->bonding && g_str_equal (a->name, b->name);
}

gboolean
divert_link_epochs_see (DivertLinkEpochs      *epochs,
                        const DivertLinkState *link)
{
  gpointer key = GUINT_TO_POINTER (link->ifindex);
  const DivertLinkState *before = g_hash_table_lookup (epochs->seen, key);

  if (before != NULL && is_same (before, link))
    return FALSE;
  g_hash_table_insert (epochs->seen, key, g_memdup2 (link, sizeof *link));
  return TRUE;
}

static void
add (GArray *ifindexes,
     guint   ifindex)
{
  for (guint i = 0; i < ifindexes->len; i++)
    if (g_array_index (ifindexes, guint, i) == ifindex)
      return;
  if (ifindex != 0)
    g_array_append_val (ifindexes, ifindex);
}

GArray *
divert_link_epochs_list_above (const DivertLinkEpochs *epochs,
                               const DivertLinkState  *link)
{
  GArray *above = g_array_new (FALSE, FALSE, sizeof (guint));

  add (above, link->ifindex);
  /* A virtual machine on a bridge may come and go. */
  if (!g_str_equal (link->kind, "tap"))
    add (above, link->master);
  for (guint i = 0; i < above->len; i++)
    {
      const guint ifindex = g_array_index (above, guint, i);
      const DivertLinkState *state = i > 0 ? g_hash_table_lookup (epochs->seen, GUINT_TO_POINTER (ifindex)) : NULL;
      GHashTableIter iter;
      gpointer value;

      add (above, state != NULL ? state->master : 0);
      g_hash_table_iter_init (&iter, epochs->seen);
      while (g_hash_table_iter_next (&iter, NULL, &value))
        if (((const DivertLinkState *) value)->lower == ifindex)
          add (above, ((const DivertLinkState *) value)->ifindex);
    }
  return above;
}

gboolean
divert_link_epochs_knows (const DivertLinkEpochs *epochs,
                          guint                   ifindex)
{
  return g_hash_table_contains (epochs->seen, GUINT_TO_POINTER (ifindex));
}

void
divert_link_epochs_lose (DivertLinkEpochs *epochs,
                         guint             ifindex)
{
  g_hash_table_remove (epochs->seen, GUINT_TO_POINTER (ifindex));
  g_hash_table_remove (epochs->numbers, GUINT_TO_POINTER (ifindex));
}

static gboolean
is_among (const GArray *states,
          guint         ifindex)
{
  for (guint i = 0; i < states->len; i++)
    if (g_array_index (states, DivertLinkState, i).ifindex == ifindex)
      return TRUE;
  return FALSE;
}

void
divert_link_epochs_keep (DivertLinkEpochs *epochs,
                         const GArray     *states)
{
  GHashTableIter iter;
  gpointer ifindex;

  if (g_hash_table_size (epochs->seen) == states->len)
    return;
  g_hash_table_iter_init (&iter, epochs->seen);
  while (g_hash_table_iter_next (&iter, &ifindex, NULL))
    if (!is_among (states, GPOINTER_TO_UINT (ifindex)))
      {
        g_hash_table_iter_remove (&iter);
        g_hash_table_remove (epochs->numbers, ifindex);
      }
}
