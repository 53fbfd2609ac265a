/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the names of tables and chains in x_tables, both ours and the kernel's.
 */
#include "iptables-chains.h"

#include "core/ruleset/fence.h"

#include <string.h>

#define REFUSE "DIVERT_REFUSE"
#define REFUSE_INTRANET "DIVERT_REFUSE_INTRANET"

static const struct
{
  DivertXtTable table;
  const char   *name;
  gboolean      always;     /* in every ruleset with rules for the table */
  gboolean      dispatches; /* has sub-chains if there are many prefixes */
} chains[DIVERT_N_CHAINS] = {
  [DIVERT_HOOK_OUTPUT] = { DIVERT_XT_MANGLE, "OUTPUT", FALSE, FALSE },
  [DIVERT_HOOK_DELIVER] = { DIVERT_XT_MANGLE, "PREROUTING", FALSE, FALSE },
  [DIVERT_HOOK_AGAIN] = { DIVERT_XT_MANGLE, "PREROUTING", FALSE, FALSE }, /* never used */
  [DIVERT_HOOK_ARRIVE] = { DIVERT_XT_MANGLE, "INPUT", FALSE, FALSE },
  [DIVERT_HOOK_GUARD] = { DIVERT_XT_MANGLE, "POSTROUTING", FALSE, FALSE },
  [DIVERT_HOOK_LAN_DNS] = { DIVERT_XT_NAT, "PREROUTING", FALSE, FALSE },
  [DIVERT_HOOK_DNS] = { DIVERT_XT_NAT, "OUTPUT", FALSE, FALSE },
  [DIVERT_HOOK_WIRE] = { DIVERT_XT_MANGLE, NULL, FALSE, FALSE }, /* never used; likewise the two others of that hook */
  [DIVERT_CHAIN_JUDGE] = { DIVERT_XT_MANGLE, "LOCAL_DIVERT", TRUE, TRUE },
  [DIVERT_CHAIN_FOREIGN] = { DIVERT_XT_MANGLE, "LOCAL_DIVERT_FOREIGN", FALSE, FALSE },
  [DIVERT_CHAIN_DIVERTED] = { DIVERT_XT_MANGLE, "LOCAL_DIVERT_MARKED", FALSE, FALSE },
  [DIVERT_CHAIN_PASS] = { DIVERT_XT_MANGLE, "LOCAL_DIVERT_FENCE", FALSE, FALSE },
  [DIVERT_CHAIN_GRANTS] = { DIVERT_XT_MANGLE, NULL, FALSE, FALSE },
  [DIVERT_CHAIN_FENCED] = { DIVERT_XT_MANGLE, NULL, FALSE, FALSE },
  [DIVERT_CHAIN_NAMES_INTRANET] = { DIVERT_XT_MANGLE, NULL, FALSE, FALSE },
  [DIVERT_CHAIN_NAMES] = { DIVERT_XT_MANGLE, NULL, FALSE, FALSE },
  [DIVERT_CHAIN_NAMES_LEAVING] = { DIVERT_XT_MANGLE, NULL, FALSE, FALSE },
  [DIVERT_CHAIN_INTERNET] = { DIVERT_XT_MANGLE, NULL, FALSE, FALSE },
  [DIVERT_CHAIN_FENCED_INTERNET] = { DIVERT_XT_MANGLE, NULL, FALSE, FALSE },
  [DIVERT_CHAIN_EXITS] = { DIVERT_XT_MANGLE, NULL, FALSE, FALSE },
  [DIVERT_CHAIN_EXITS_INTERNET] = { DIVERT_XT_MANGLE, NULL, FALSE, FALSE },
  [DIVERT_CHAIN_OWN] = { DIVERT_XT_MANGLE, "LOCAL_DIVERT_OWN", FALSE, FALSE },
  [DIVERT_CHAIN_INTRANET] = { DIVERT_XT_MANGLE, "LOCAL_INTRANET_DIVERT", FALSE, TRUE },
  [DIVERT_CHAIN_STRANDED] = { DIVERT_XT_MANGLE, "LOCAL_STRANDED_DIVERT", FALSE, TRUE },
  [DIVERT_CHAIN_DELIVER] = { DIVERT_XT_MANGLE, "DIVERT", TRUE, TRUE },
  [DIVERT_CHAIN_DELIVER_INTRANET] = { DIVERT_XT_MANGLE, "INTRANET_DIVERT", FALSE, FALSE },
  [DIVERT_CHAIN_FORWARDED] = { DIVERT_XT_MANGLE, "DIVERT_FORWARDED", FALSE, TRUE },
  [DIVERT_CHAIN_LANS] = { DIVERT_XT_MANGLE, "DIVERT_LANS", FALSE, FALSE },
  [DIVERT_CHAIN_LAN] = { DIVERT_XT_MANGLE, "DIVERT_LAN", FALSE, TRUE },
  [DIVERT_CHAIN_TAKE] = { DIVERT_XT_MANGLE, "DIVERT_TAKE", FALSE, FALSE },
  [DIVERT_CHAIN_SERVE] = { DIVERT_XT_MANGLE, "DIVERT_SERVE", FALSE, FALSE },
  [DIVERT_CHAIN_GUARD] = { DIVERT_XT_MANGLE, "DIVERT_GUARD", TRUE, TRUE },
  [DIVERT_CHAIN_GUARD_DNS] = { DIVERT_XT_MANGLE, "DIVERT_GUARD_DNS", FALSE, TRUE },
  [DIVERT_CHAIN_GUARD_NAMES] = { DIVERT_XT_MANGLE, "DIVERT_GUARD_NAMES", FALSE, FALSE },
  [DIVERT_CHAIN_GUARD_INTRANET] = { DIVERT_XT_MANGLE, "DIVERT_GUARD_INTRANET", FALSE, FALSE },
  [DIVERT_CHAIN_GUARD_INTERNET] = { DIVERT_XT_MANGLE, "DIVERT_GUARD_INTERNET", FALSE, FALSE },
  [DIVERT_CHAIN_GUARD_LANS] = { DIVERT_XT_MANGLE, "DIVERT_GUARD_LANS", FALSE, FALSE },
  [DIVERT_CHAIN_LAN_DNS] = { DIVERT_XT_NAT, "DIVERT_LANS_DNS", FALSE, FALSE },
  [DIVERT_CHAIN_LAN_REDIRECT] = { DIVERT_XT_NAT, "DIVERT_LAN_DNS", FALSE, TRUE },
  [DIVERT_CHAIN_DNS] = { DIVERT_XT_NAT, "LOCAL_DNS_DIVERT", TRUE, TRUE },
  [DIVERT_CHAIN_WIRE] = { DIVERT_XT_MANGLE, NULL, FALSE, FALSE },
  [DIVERT_CHAIN_WIRE_GRANTS] = { DIVERT_XT_MANGLE, NULL, FALSE, FALSE },
};

const char *
divert_xt_table_name (DivertXtTable table)
{
  static const char *const names[] = { [DIVERT_XT_MANGLE] = "mangle", [DIVERT_XT_NAT] = "nat",
                                       [DIVERT_XT_FILTER] = "filter" };

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

const char *
divert_xt_chain_refusing (DivertChain chain)
{
  switch (chain)
    {
    case DIVERT_HOOK_DELIVER:
      return "OUTPUT";
    case DIVERT_CHAIN_DELIVER:
      return REFUSE;
    case DIVERT_CHAIN_DELIVER_INTRANET:
      return REFUSE_INTRANET;
    default:
      return NULL;
    }
}

static const char *const parts[] = { [DIVERT_XT_REST] = "REST", [DIVERT_XT_EXCEPT] = "EXCEPT",
                                     [DIVERT_XT_ELSE] = "ELSE", [DIVERT_XT_AFTER] = "AFTER", NULL };

/* A longer one would be cut, and might be another chain's then.  No list of prefixes takes a hundred thousand parts. */
static char *
check_name (char *name)
{
  g_assert (strlen (name) <= DIVERT_XT_CHAIN_MAX);
  return name;
}

char *
divert_xt_chain_part (DivertChain  chain,
                      DivertXtPart part)
{
  g_assert (chains[chain].dispatches);
  return check_name (g_strconcat (chains[chain].name, "_", parts[part], NULL));
}

char *
divert_xt_chain_sub (DivertChain  chain,
                     const char  *letter,
                     guint        n)
{
  g_assert (chains[chain].dispatches);
  return check_name (g_strdup_printf ("%s_%s%u", chains[chain].name, letter, n));
}

DivertChains
divert_xt_table_chains (DivertXtTable table)
{
  DivertChains bits = 0;

  for (guint i = 0; i < DIVERT_N_CHAINS; i++)
    if (table == DIVERT_XT_FILTER ? divert_xt_chain_refusing (i) != NULL : chains[i].table == table)
      bits |= DIVERT_CHAIN_BIT (i);
  return bits;
}

gboolean
divert_xt_is_builtin (const char *name)
{
  static const char *const builtin[] = { "PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING", NULL };

  return g_strv_contains (builtin, name);
}

/* The suffixes that divert_xt_chain_part() and divert_xt_chain_sub() append. */
static gboolean
is_dispatch_suffix (const char *suffix)
{
  if (suffix[0] != '_')
    return FALSE;
  suffix++;
  if (g_strv_contains (parts, suffix))
    return TRUE;
  if (g_str_has_prefix (suffix, DIVERT_XT_EXCEPT_SUB))
    suffix++;
  return suffix[0] != '\0' && strspn (suffix, "0123456789") == strlen (suffix);
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
  if (table == DIVERT_XT_FILTER)
    return g_str_equal (name, REFUSE) || g_str_equal (name, REFUSE_INTRANET);
  for (guint i = 0; i < DIVERT_N_CHAINS; i++)
    if (chains[i].table == table && names_chain (i, name))
      return TRUE;
  return FALSE;
}

const char *
divert_xt_always (DivertXtTable table,
                  guint         n)
{
  if (table == DIVERT_XT_FILTER)
    return n == 0 ? REFUSE : NULL;
  for (guint i = 0; i < DIVERT_N_CHAINS; i++)
    if (chains[i].table == table && chains[i].always && n-- == 0)
      return chains[i].name;
  return NULL;
}

gboolean
divert_xt_is_guard (const char *name)
{
  return names_chain (DIVERT_CHAIN_GUARD, name) || names_chain (DIVERT_CHAIN_GUARD_DNS, name) ||
         names_chain (DIVERT_CHAIN_GUARD_INTRANET, name) || names_chain (DIVERT_CHAIN_GUARD_NAMES, name) ||
         names_chain (DIVERT_CHAIN_GUARD_INTERNET, name) || names_chain (DIVERT_CHAIN_GUARD_LANS, name);
}

/* No other rule there matches the packet's source, both its destination and its outgoing device, or the fence alone.
 * The exception is the rule that leaves packets to a held site to the fence; without it they are blocked all
 * the same. */
gboolean
divert_xt_is_grant (const DivertXtRule *rule)
{
  const gboolean leaves = rule->target == DIVERT_XT_RETURN;

  if (rule->table != DIVERT_XT_MANGLE)
    return FALSE;
  if (names_chain (DIVERT_CHAIN_STRANDED, rule->chain))
    return leaves && g_str_equal (rule->out_interface, DIVERT_FENCE_DEVICE);
  if (names_chain (DIVERT_CHAIN_GUARD_INTERNET, rule->chain) || names_chain (DIVERT_CHAIN_GUARD_NAMES, rule->chain) ||
      names_chain (DIVERT_CHAIN_GUARD_LANS, rule->chain))
    return leaves && rule->out_interface[0] != '\0';
  return (rule->has_source || (leaves && rule->has_destination && rule->out_interface[0] != '\0')) &&
         (names_chain (DIVERT_CHAIN_JUDGE, rule->chain) || names_chain (DIVERT_CHAIN_INTRANET, rule->chain) ||
          names_chain (DIVERT_CHAIN_GUARD, rule->chain) || names_chain (DIVERT_CHAIN_GUARD_INTRANET, rule->chain));
}
