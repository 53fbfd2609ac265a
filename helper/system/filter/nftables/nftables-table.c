/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: creating and freeing our table's value, and naming its sets.
 */
#include "nftables-table.h"

#include <string.h>

/* Many rules have no more, and tables are kept. */
#define DIVERT_NFT_USUAL_EXPRS 2

static void
set_free (gpointer data)
{
  DivertNftSet *set = data;

  g_clear_pointer (&set->prefixes, g_array_unref);
  g_strfreev (set->names);
  g_free (set);
}

DivertNftTable *
divert_nft_table_new (const char *name)
{
  DivertNftTable *table = g_new0 (DivertNftTable, 1);

  table->name = name;
  table->devices = g_ptr_array_new_with_free_func (g_free);
  table->device_indexes = g_array_new (FALSE, FALSE, sizeof (guint));
  table->sets = g_ptr_array_new_with_free_func (set_free);
  return table;
}

void
divert_nft_table_free (DivertNftTable *table)
{
  if (table == NULL)
    return;
  g_ptr_array_unref (table->sets);
  g_ptr_array_unref (table->devices);
  g_array_unref (table->device_indexes);
  for (guint chain = 0; chain < DIVERT_NFT_N_CHAINS; chain++)
    g_clear_pointer (&table->rules[chain], g_ptr_array_unref);
  g_free (table);
}

char *
divert_nft_table_describe (const DivertNftTable *table)
{
  return g_strdup_printf ("%s %s", table->family == DIVERT_NFT_NETDEV ? "netdev" : "inet", table->name);
}

GPtrArray *
divert_nft_table_get_chain (DivertNftTable *table,
                            guint           chain)
{
  if (table->rules[chain] == NULL)
    table->rules[chain] = g_ptr_array_new_with_free_func ((GDestroyNotify) divert_nft_rule_free);
  return table->rules[chain];
}

const DivertNftSet *
divert_nft_table_find_set (const DivertNftTable *table,
                           const char           *name)
{
  for (guint i = 0; i < table->sets->len; i++)
    {
      const DivertNftSet *set = g_ptr_array_index (table->sets, i);

      if (g_str_equal (set->name, name))
        return set;
    }
  return NULL;
}

static DivertNftSet *
add_set (DivertNftTable   *table,
         const char       *name,
         DivertNftSetType  type)
{
  DivertNftSet *set = g_new0 (DivertNftSet, 1);

  set->type = type;
  g_strlcpy (set->name, name, sizeof set->name);
  g_ptr_array_add (table->sets, set);
  return set;
}

/* A part of a merged list is one, too. */
static GArray *
select_part (const GArray *prefixes,
             DivertFamily  family,
             guint         length)
{
  GArray *selected = divert_prefixes_new ();

  for (guint i = 0; i < prefixes->len; i++)
    if (divert_prefixes_index (prefixes, i)->family == family &&
        (length == 0 || divert_prefixes_index (prefixes, i)->length == length))
      divert_prefixes_add (selected, divert_prefixes_index (prefixes, i));
  return selected;
}

/* Identifies a list of prefixes. */
static char *
digest (const GArray *prefixes)
{
  g_autofree char *text = divert_prefixes_to_string (prefixes);
  g_autofree char *sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);

  return g_strndup (sum, 12);
}

const char *
divert_nft_table_add_prefixes (DivertNftTable *table,
                               const char     *purpose,
                               DivertFamily    family,
                               guint           length,
                               const GArray   *prefixes)
{
  const DivertNftSetType type = family == DIVERT_FAMILY_IPV6 ? DIVERT_NFT_SET_IPV6 : DIVERT_NFT_SET_IPV4;
  g_autoptr(GArray) selected = select_part (prefixes, family, length);
  g_autofree char *sum = NULL, *name = NULL;
  DivertNftSet *set;

  for (guint i = 0; i < table->sets->len; i++)
    {
      set = g_ptr_array_index (table->sets, i);
      if (set->type == type && set->length == length && divert_prefixes_equal (set->prefixes, selected))
        return set->name;
    }
  sum = digest (selected);
  if (length != 0)
    name = g_strdup_printf ("%s%c-%u-%s", purpose, type == DIVERT_NFT_SET_IPV6 ? '6' : '4', length, sum);
  else
    name = g_strdup_printf ("%s%c-%s", purpose, type == DIVERT_NFT_SET_IPV6 ? '6' : '4', sum);
  set = add_set (table, name, type);
  set->length = length;
  set->prefixes = g_steal_pointer (&selected);
  return set->name;
}

const char *
divert_nft_table_add_bits (DivertNftTable   *table,
                           const char       *name,
                           DivertNftSetType  type,
                           guint             bits)
{
  const DivertNftSet *found = divert_nft_table_find_set (table, name);
  DivertNftSet *set;

  if (found != NULL)
    {
      g_assert (found->type == type && found->bits == bits);
      return found->name;
    }
  set = add_set (table, name, type);
  set->bits = bits;
  return set->name;
}

void
divert_nft_table_add_interfaces (DivertNftTable *table,
                                 const char     *name,
                                 GStrv           names,
                                 guint           lifetime_ms)
{
  DivertNftSet *set = add_set (table, name, DIVERT_NFT_SET_INTERFACES);

  set->names = names;
  set->lifetime_ms = lifetime_ms;
}

DivertNftRule *
divert_nft_rule_new (guint chain)
{
  DivertNftRule *rule = g_new0 (DivertNftRule, 1);

  rule->chain = chain;
  rule->exprs = g_array_sized_new (FALSE, TRUE, sizeof (DivertNftExpr), DIVERT_NFT_USUAL_EXPRS);
  return rule;
}

void
divert_nft_rule_free (DivertNftRule *rule)
{
  if (rule == NULL)
    return;
  g_free (rule->text);
  g_array_unref (rule->exprs);
  g_free (rule);
}

DivertNftExpr *
divert_nft_rule_add (DivertNftRule *rule,
                     DivertNftKind  kind)
{
  g_array_set_size (rule->exprs, rule->exprs->len + 1);
  g_array_index (rule->exprs, DivertNftExpr, rule->exprs->len - 1).kind = kind;
  return &g_array_index (rule->exprs, DivertNftExpr, rule->exprs->len - 1);
}

DivertNftExpr *
divert_nft_rule_add_match (DivertNftRule *rule,
                           DivertNftKind  kind,
                           DivertNftKey   key,
                           guint32        value)
{
  DivertNftExpr *expr = divert_nft_rule_add (rule, kind);

  expr->key = key;
  expr->value = value;
  expr->mask = G_MAXUINT32;
  return expr;
}
