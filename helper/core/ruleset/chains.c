/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the names of tables and chains, ours and the kernel's.
 */
#include "ruleset.h"

#include <string.h>

static const char *const tables[] = {
  [DIVERT_TABLE_MANGLE] = "mangle",
  [DIVERT_TABLE_NAT] = "nat",
};
G_STATIC_ASSERT (G_N_ELEMENTS (tables) == DIVERT_N_TABLES);

const char *
divert_table_name (DivertTable table)
{
  return tables[table];
}

gboolean
divert_chain_is_builtin (const char *chain)
{
  static const char *const builtin[] = { "PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING", NULL };

  return g_strv_contains (builtin, chain);
}

/* "_REST" or "_1", "_2" …: what ruleset-dispatch.c makes of a chain with many prefixes. */
static gboolean
is_dispatch_suffix (const char *suffix)
{
  if (g_str_equal (suffix, "_REST"))
    return TRUE;
  return suffix[0] == '_' && suffix[1] != '\0' && strspn (suffix + 1, "0123456789") == strlen (suffix + 1);
}

gboolean
divert_chain_is_own (DivertTable table,
                     const char *chain)
{
  static const char *const mangle[] = { "LOCAL_DIVERT", "LOCAL_DIVERT_FENCE", "LOCAL_INTRANET_DIVERT", "DIVERT",
                                        "INTRANET_DIVERT", "DIVERT_GUARD", "DIVERT_GUARD_DNS", NULL };
  static const char *const dispatched[] = { "LOCAL_DIVERT", "DIVERT" };

  if (table == DIVERT_TABLE_NAT)
    return g_str_equal (chain, "LOCAL_DNS_DIVERT");
  if (g_strv_contains (mangle, chain))
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (dispatched); i++)
    if (g_str_has_prefix (chain, dispatched[i]) && is_dispatch_suffix (chain + strlen (dispatched[i])))
      return TRUE;
  return FALSE;
}
