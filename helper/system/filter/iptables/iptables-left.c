/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: remembering what a table holds.
 *
 * Theory of operation.  The only sure way to tell whether our rules are still there is to parse the
 * table, as for a write.  We do that once.  When we have found the table whole, we keep its bytes,
 * and for as long as the bytes are the same, the table is whole (25 µs per table).  If they differ,
 * that may be due to other people's rules, which do not concern us.  So we parse the table again,
 * and if it is whole, we compare with the new bytes from then on.
 *
 * Parsing reads the table on its own.  So we read the bytes before and after it, and keep them only
 * if nothing happened in between.
 */
#include "iptables-left.h"
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
                                   DivertIptablesReader     *reader,
                                   DivertFamily              family,
                                   DivertXtTable             table)
{
  const GByteArray *now;

  if (left->blob == NULL)
    return FALSE;
  now = divert_iptables_blob_read (reader, divert_iptables_family_get (family), table);
  return now != NULL && divert_iptables_blob_equal (left->blob, now);
}

gboolean
divert_iptables_left_seems_untouched (const DivertIptablesLeft *left,
                                      DivertIptablesReader     *reader,
                                      DivertFamily              family,
                                      DivertXtTable             table)
{
  const DivertIptablesFamily *ops = divert_iptables_family_get (family);

  return left->blob != NULL && divert_iptables_blob_has_same_size (reader, ops, table, left->blob);
}

gboolean
divert_iptables_left_is_whole (DivertIptablesLeft   *left,
                               DivertIptablesReader *reader,
                               DivertFamily          family,
                               DivertXtTable         table,
                               const GArray         *rules)
{
  const DivertIptablesFamily *ops = divert_iptables_family_get (family);
  const GByteArray *now = NULL;

  g_clear_pointer (&left->blob, g_byte_array_unref);
  /* Reading would create it. */
  if (divert_iptables_table_exists (ops, table))
    now = divert_iptables_blob_read (reader, ops, table);
  if (now != NULL)
    left->blob = g_byte_array_append (g_byte_array_sized_new (now->len), now->data, now->len);
  if (!divert_iptables_holds (family, table, rules))
    {
      g_clear_pointer (&left->blob, g_byte_array_unref);
      return FALSE;
    }
  if (!divert_iptables_left_is_untouched (left, reader, family, table))
    g_clear_pointer (&left->blob, g_byte_array_unref);
  return TRUE;
}
