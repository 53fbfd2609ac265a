/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the names of tables and chains in x_tables, both ours and the kernel's.
 */
#include "iptables-chains.h"

#include <string.h>

static const struct
{
  DivertXtTable table;
  const char   *name;
  gboolean      always;     /* in every ruleset with rules for the table */
  gboolean      dispatches; /* has sub-chains if there are many prefixes */
} chains[DIVERT_N_CHAINS] = {
  [DIVERT_HOOK_OUTPUT] = { DIVERT_XT_MANGLE, "OUTPUT", FALSE, FALSE },
  [DIVERT_HOOK_DELIVER] = { DIVERT_XT_MANGLE, "PREROUTING", FALSE, FALSE },
  [DIVERT_HOOK_ARRIVE] = { DIVERT_XT_MANGLE, "INPUT", FALSE, FALSE },
  [DIVERT_HOOK_GUARD] = { DIVERT_XT_MANGLE, "POSTROUTING", FALSE, FALSE },
  [DIVERT_HOOK_DNS] = { DIVERT_XT_NAT, "OUTPUT", FALSE, FALSE },
  [DIVERT_CHAIN_JUDGE] = { DIVERT_XT_MANGLE, "LOCAL_DIVERT", TRUE, TRUE },
  [DIVERT_CHAIN_FOREIGN] = { DIVERT_XT_MANGLE, "LOCAL_DIVERT_FOREIGN", FALSE, FALSE },
  [DIVERT_CHAIN_PASS] = { DIVERT_XT_MANGLE, "LOCAL_DIVERT_FENCE", FALSE, FALSE },
  [DIVERT_CHAIN_GRANTS] = { DIVERT_XT_MANGLE, NULL, FALSE, FALSE },
  [DIVERT_CHAIN_FENCED] = { DIVERT_XT_MANGLE, NULL, FALSE, FALSE },
  [DIVERT_CHAIN_OWN] = { DIVERT_XT_MANGLE, "LOCAL_DIVERT_OWN", FALSE, FALSE },
  [DIVERT_CHAIN_INTRANET] = { DIVERT_XT_MANGLE, "LOCAL_INTRANET_DIVERT", FALSE, FALSE },
  [DIVERT_CHAIN_DELIVER] = { DIVERT_XT_MANGLE, "DIVERT", TRUE, TRUE },
  [DIVERT_CHAIN_DELIVER_INTRANET] = { DIVERT_XT_MANGLE, "INTRANET_DIVERT", FALSE, FALSE },
  [DIVERT_CHAIN_SERVE] = { DIVERT_XT_MANGLE, "DIVERT_SERVE", FALSE, FALSE },
  [DIVERT_CHAIN_GUARD] = { DIVERT_XT_MANGLE, "DIVERT_GUARD", TRUE, TRUE },
  [DIVERT_CHAIN_GUARD_DNS] = { DIVERT_XT_MANGLE, "DIVERT_GUARD_DNS", FALSE, FALSE },
  [DIVERT_CHAIN_GUARD_INTRANET] = { DIVERT_XT_MANGLE, "DIVERT_GUARD_INTRANET", FALSE, FALSE },
  [DIVERT_CHAIN_DNS] = { DIVERT_XT_NAT, "LOCAL_DNS_DIVERT", TRUE, FALSE },
};

const char *
divert_xt_table_name (DivertXtTable table)
{
  static const char *const names[] = { [DIVERT_XT_MANGLE] = "mangle", [DIVERT_XT_NAT] = "nat" };

  G_STATIC_ASSERT (G_N_ELEMENTS (names) == DIVERT_XT_N_TABLES);
  return names[table];
}

DivertXtTable
divert_xt_chain_table (DivertChain chain)
{
  return chains[chain].table;
}

const char *
divert_xt_chain_name (DivertChain chain)
{
  return chains[chain].name;
}

char *
divert_xt_chain_rest (DivertChain chain)
{
  g_assert (chains[chain].dispatches);
  return g_strconcat (chains[chain].name, "_REST", NULL);
}

char *
divert_xt_chain_sub (DivertChain chain,
                     guint       n)
{
  g_assert (chains[chain].dispatches);
  return g_strdup_printf ("%s_%u", chains[chain].name, n);
}

guint
divert_xt_table_chains (DivertXtTable table)
{
  guint bits = 0;

  for (guint i = 0; i < DIVERT_N_CHAINS; i++)
    if (chains[i].table == table)
      bits |= 1u << i;
  return bits;
}

gboolean
divert_xt_is_builtin (const char *name)
{
  static const char *const builtin[] = { "PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING", NULL };

  return g_strv_contains (builtin, name);
}

/* The suffixes that divert_xt_chain_rest() and divert_xt_chain_sub() append. */
static gboolean
is_dispatch_suffix (const char *suffix)
{
  if (g_str_equal (suffix, "_REST"))
    return TRUE;
  return suffix[0] == '_' && suffix[1] != '\0' && strspn (suffix + 1, "0123456789") == strlen (suffix + 1);
}

/* Is @name @chain itself, or one of its parts? */
static gboolean
names_chain (DivertChain  chain,
             const char  *name)
{
  if (chain < DIVERT_N_HOOKS || chains[chain].name == NULL || !g_str_has_prefix (name, chains[chain].name))
    return FALSE;
  name += strlen (chains[chain].name);
  return *name == '\0' || (chains[chain].dispatches && is_dispatch_suffix (name));
}

gboolean
divert_xt_is_own (DivertXtTable  table,
                  const char    *name)
{
  for (guint i = 0; i < DIVERT_N_CHAINS; i++)
    if (chains[i].table == table && names_chain (i, name))
      return TRUE;
  return FALSE;
}

gboolean
divert_xt_is_always (DivertChain chain)
{
  return chains[chain].always;
}

gboolean
divert_xt_is_guard (const char *name)
{
  return names_chain (DIVERT_CHAIN_GUARD, name) || names_chain (DIVERT_CHAIN_GUARD_DNS, name) ||
         names_chain (DIVERT_CHAIN_GUARD_INTRANET, name);
}

/* No other rule matches the packet's source, or both its destination and its outgoing device.  The
 * exception is the rule that leaves packets to a held site to the fence; without it they are blocked all
 * the same. */
gboolean
divert_xt_is_grant (const DivertXtRule *rule)
{
  return rule->table == DIVERT_XT_MANGLE && rule->target == DIVERT_XT_RETURN && rule->has_destination &&
         (rule->has_source || rule->out_interface[0] != '\0') &&
         (names_chain (DIVERT_CHAIN_JUDGE, rule->chain) || names_chain (DIVERT_CHAIN_INTRANET, rule->chain) ||
          names_chain (DIVERT_CHAIN_GUARD, rule->chain) || names_chain (DIVERT_CHAIN_GUARD_INTRANET, rule->chain));
}
