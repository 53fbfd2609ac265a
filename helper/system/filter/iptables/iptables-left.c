/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: remembering what a table holds.
 *
 * Theory of operation.  The only sure way to tell whether our rules are still there is to parse the
 * table, as for a write.  We do that once.  When we have found the table whole, we keep its bytes,
 * and for as long as the bytes are the same, the table is whole (15 µs per table).  If they differ,
 * that may be due to other people's rules, which do not concern us.  So we parse the table again,
 * and if it is whole, we compare with the new bytes from then on.
 *
 * Parsing reads the table on its own.  So we read the bytes before and after it, and keep them only
 * if nothing happened in between.
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

  /* Reading a missing table would create it. */
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
