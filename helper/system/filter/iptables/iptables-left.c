/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the memory of what a table holds.
 *
 * Theory of operation.  Whether our rules are still there can be told for sure only by taking the table apart, as a
 * write does.  That is done once: the table's bytes are kept when it was found whole, and as long as it has the same
 * bytes, it is whole (15 µs a table).  Other bytes may come of somebody else's rules, which are none of our business:
 * then it is taken apart once more, and if it is whole, those are the bytes to compare with from now on.
 *
 * Taking it apart is a reading of its own.  So the bytes are read before it and behind it, and kept only if nothing
 * happened in between.
 */
#include "iptables-left.h"
#include "iptables-blob.h"
#include "iptables-write.h"

void
divert_iptables_left_forget (DivertIptablesLeft *left)
{
  g_clear_pointer (&left->ruleset, divert_ruleset_unref);
  g_clear_pointer (&left->blob, g_byte_array_unref);
}

void
divert_iptables_left_set (DivertIptablesLeft *left,
                          DivertRuleset      *ruleset,
                          gboolean            wrote)
{
  if (wrote)
    g_clear_pointer (&left->blob, g_byte_array_unref);
  divert_ruleset_ref (ruleset);
  divert_ruleset_unref (left->ruleset);
  left->ruleset = ruleset;
}

gboolean
divert_iptables_left_is_untouched (const DivertIptablesLeft *left,
                                   DivertFamily              family,
                                   DivertXtTable             table)
{
  g_autoptr(GByteArray) now = NULL;

  if (left->blob == NULL)
    return FALSE;
  now = divert_iptables_blob_read (divert_iptables_family_get (family), table);
  return now != NULL && divert_iptables_blob_equal (left->blob, now);
}

gboolean
divert_iptables_left_is_whole (DivertIptablesLeft *left,
                               DivertFamily        family,
                               DivertXtTable       table,
                               const GArray       *rules)
{
  const DivertIptablesFamily *ops = divert_iptables_family_get (family);
  g_autoptr(GByteArray) before = NULL, behind = NULL;

  /* Reading would create it. */
  if (divert_iptables_table_exists (ops, table))
    before = divert_iptables_blob_read (ops, table);
  if (!divert_iptables_holds (family, table, rules))
    return FALSE;
  if (before != NULL)
    behind = divert_iptables_blob_read (ops, table);
  g_clear_pointer (&left->blob, g_byte_array_unref);
  if (behind != NULL && divert_iptables_blob_equal (before, behind))
    left->blob = g_steal_pointer (&behind);
  return TRUE;
}
