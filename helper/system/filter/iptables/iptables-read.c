/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: turning a table's entries back into the rules that they came from.
 */
#include "iptables-read.h"
#include "iptables-chains.h"
#include "iptables-ours.h"
#include "iptables-text.h"

#include <linux/netfilter/x_tables.h>

typedef struct
{
  const DivertIptablesTable *table;
  DivertXtTable                id;
  GHashTable                *ours;   /* set of chain names */
  GArray                    *rules;
  GString                   *others; /* comment lines */
} Reader;

static void
read_entry (const Reader *reader,
            const char   *chain,
            guint         position,
            const void   *entry)
{
  const DivertIptablesFamily *ops = reader->table->ops;
  const char *target = ops->get_target (entry, reader->table->handle);
  gboolean in_ours = g_hash_table_contains (reader->ours, chain);
  DivertXtRule rule;

  if (!in_ours && !g_hash_table_contains (reader->ours, target))
    return;
  if ((in_ours || divert_xt_is_builtin (chain)) &&
      divert_iptables_entry_parse (ops, entry, target, reader->id, chain, &rule))
    g_array_append_val (reader->rules, rule);
  else
    g_string_append_printf (reader->others, "# rule %u of %s is none of ours: '%s'\n", position + 1, chain, target);
}

static void
read_table (const DivertIptablesTable *table,
            DivertXtTable              id,
            GArray                    *rules,
            GString                   *others)
{
  g_auto(GStrv) chains = divert_iptables_table_list_chains (table);
  g_autoptr(GHashTable) ours = divert_iptables_ours_find (table, id, chains, NULL);
  const Reader reader = { table, id, ours, rules, others };

  for (char **chain = chains; *chain != NULL; chain++)
    {
      g_autoptr(GPtrArray) entries = divert_iptables_table_list (table, *chain);

      for (guint i = 0; i < entries->len; i++)
        read_entry (&reader, *chain, i, entries->pdata[i]);
    }
}

GArray *
divert_iptables_read_rules (const DivertIptablesTable *table,
                            DivertXtTable              id)
{
  g_autoptr(GString) others = g_string_new (NULL);
  GArray *rules = g_array_new (FALSE, FALSE, sizeof (DivertXtRule));

  read_table (table, id, rules, others);
  return rules;
}

gboolean
divert_iptables_read_is_clean (const DivertIptablesTable *table,
                               DivertXtTable              id)
{
  g_auto(GStrv) chains = divert_iptables_table_list_chains (table);
  g_autoptr(GHashTable) ours = divert_iptables_ours_find (table, id, chains, NULL);

  return g_hash_table_size (ours) == 0;
}

char *
divert_iptables_read_text (DivertFamily    family,
                           DivertXtTable   id,
                           GError        **error)
{
  const DivertIptablesFamily *ops = divert_iptables_family_get (family);
  g_auto(DivertIptablesTable) table = DIVERT_IPTABLES_TABLE_INIT;
  g_autoptr(GArray) rules = g_array_new (FALSE, FALSE, sizeof (DivertXtRule));
  g_autoptr(GString) others = g_string_new (NULL);
  g_autofree char *text = NULL;

  if (divert_iptables_table_exists (ops, id))
    {
      if (!divert_iptables_table_open (&table, ops, id, error))
        return NULL;
      read_table (&table, id, rules, others);
    }
  text = divert_xt_table_to_text (rules, family, id);
  return g_strconcat (text, others->str, NULL);
}

static guint64
get_packets (const DivertIptablesTable *table,
             const void                *entry)
{
  const void *counters = (const guint8 *) entry + table->ops->layout.counters;

  return ((const struct xt_counters *) counters)->pcnt;
}

guint64
divert_iptables_read_dropped (const DivertIptablesTable *table,
                              DivertXtTable              id)
{
  g_auto(GStrv) chains = divert_iptables_table_list_chains (table);
  g_autoptr(GHashTable) ours = divert_iptables_ours_find (table, id, chains, NULL);
  guint64 packets = 0;

  for (char **chain = chains; *chain != NULL; chain++)
    {
      g_autoptr(GPtrArray) entries = NULL;

      if (!g_hash_table_contains (ours, *chain) || !divert_xt_is_guard (*chain))
        continue;
      entries = divert_iptables_table_list (table, *chain);
      for (guint i = 0; i < entries->len; i++)
        if (g_str_equal (table->ops->get_target (entries->pdata[i], table->handle), "DROP"))
          packets += get_packets (table, entries->pdata[i]);
    }
  return packets;
}
