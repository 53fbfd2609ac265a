/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: which kernel modules the iptables backend needs.
 *
 * Extensions are listed by the aliases under which the kernel itself looks for them ("ipt_owner"
 * and "ip6t_owner" are both xt_owner), so the tables of matches and targets remain the only list.
 */
#include "iptables-extension.h"
#include "iptables-table.h"

/* Each family's tables.  They cannot be found by the name of an extension. */
static const char *const tables[] = {
  "ip_tables", "ip6_tables", "iptable_mangle", "ip6table_mangle", "iptable_nat", "ip6table_nat",
  "iptable_filter", "ip6table_filter",
};

static void
add_extension (GPtrArray                     *names,
               const DivertIptablesExtension *extension)
{
  static const char *const prefixes[DIVERT_N_FAMILIES] = { [DIVERT_FAMILY_IPV4] = "ipt",
                                                           [DIVERT_FAMILY_IPV6] = "ip6t" };

  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    if ((extension->families & (1 << family)) != 0)
      g_ptr_array_add (names, g_strdup_printf ("%s_%s", prefixes[family], extension->name));
}

GPtrArray *
divert_iptables_list_modules (void)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < G_N_ELEMENTS (tables); i++)
    g_ptr_array_add (names, g_strdup (tables[i]));
  for (guint i = 0; i < divert_iptables_n_matches; i++)
    add_extension (names, &divert_iptables_matches[i].extension);
  for (guint i = 0; i < divert_iptables_n_targets; i++)
    add_extension (names, &divert_iptables_targets[i].extension);
  return names;
}
