/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: a model of what the kernel refuses in legacy tables (K1.17, and what the extensions check), and of what it
 * takes but carries out otherwise than somebody meant (K1.6, K1.8, a rule that no packet reaches, a chain that nothing
 * leads to).  tests/backend/test-golden-kernel.c asks the kernel itself.
 */
#include "iptables-kernel.h"

#include <netinet/in.h>

#include "system/filter/iptables/iptables-chains.h"
#include "system/filter/iptables/iptables-text.h"


static const char *const hooks[] = { "PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING" };
enum { PREROUTING = 1, INPUT = 2, FORWARD = 4, OUTPUT = 8, POSTROUTING = 16 };

typedef enum { ENTERED = 1, LEFT } Visit;

typedef struct
{
  const GArray *rules;
  DivertXtTable table;
  DivertFamily  family;
  GHashTable   *visits; /* chain → Visit, from the present hook */
  GHashTable   *reached;
  char         *fault;  /* the first one */
} Check;

static void
fault (Check              *check,
       const DivertXtRule *rule,
       const char         *what)
{
  g_autofree char *text = divert_xt_rule_to_text (rule, check->family);

  if (check->fault == NULL)
    check->fault = g_strdup_printf ("%s %s: %s: %s", divert_family_name (check->family),
                                    divert_xt_table_name (check->table), what, text);
}

static gboolean
is_conditional (const DivertXtRule *rule)
{
  return rule->protocol != 0 || rule->in_interface[0] != '\0' || rule->out_interface[0] != '\0' || rule->has_source ||
         rule->has_destination || rule->mark.has || rule->connmark.has || rule->has_gid || rule->cgroup_path != NULL ||
         rule->dst_types != 0 || rule->src_types != 0 || rule->receiver != DIVERT_RECEIVER_ANY;
}

static gboolean
is_verdict (const DivertXtRule *rule)
{
  return rule->target != DIVERT_XT_JUMP && rule->target != DIVERT_XT_MARK && rule->target != DIVERT_XT_CONNMARK;
}

static gboolean
leads_on (const DivertXtRule *rule)
{
  return rule->target == DIVERT_XT_JUMP || rule->target == DIVERT_XT_GOTO;
}

/* The hooks from which @rule may be reached. */
static guint
find_hooks (const DivertXtRule *rule)
{
  guint allowed = PREROUTING | INPUT | FORWARD | OUTPUT | POSTROUTING;

  if (rule->target == DIVERT_XT_TPROXY)
    allowed &= PREROUTING;
  if (rule->target == DIVERT_XT_REDIRECT)
    allowed &= PREROUTING | OUTPUT;
  if (rule->target == DIVERT_XT_REJECT)
    allowed &= INPUT | FORWARD | OUTPUT;
  if (rule->has_gid)
    allowed &= OUTPUT | POSTROUTING;
  if (rule->cgroup_path != NULL)
    allowed &= INPUT | OUTPUT | POSTROUTING;
  if (rule->receiver != DIVERT_RECEIVER_ANY)
    allowed &= PREROUTING | INPUT;
  if (rule->in_interface[0] != '\0')
    allowed &= PREROUTING | INPUT | FORWARD;
  if (rule->out_interface[0] != '\0')
    allowed &= FORWARD | OUTPUT | POSTROUTING;
  return allowed;
}

static gboolean
is_in_table (const DivertXtRule *rule)
{
  if (rule->target == DIVERT_XT_TPROXY)
    return rule->table == DIVERT_XT_MANGLE;
  if (rule->target == DIVERT_XT_REDIRECT)
    return rule->table == DIVERT_XT_NAT;
  return rule->target != DIVERT_XT_REJECT || rule->table == DIVERT_XT_FILTER;
}

/* What one rule alone can have. */
static void
check_rule (Check              *check,
            const DivertXtRule *rule,
            guint               hook)
{
  const gboolean has_ports = rule->protocol == IPPROTO_TCP || rule->protocol == IPPROTO_UDP;

  if (!is_in_table (rule) || (find_hooks (rule) & hook) == 0)
    fault (check, rule, "not allowed here");
  if (!has_ports && (rule->sport != 0 || rule->dport != 0 || rule->target == DIVERT_XT_TPROXY ||
                     rule->target == DIVERT_XT_REDIRECT))
    fault (check, rule, "no protocol with ports");
  if (rule->has_tcp_flags && rule->protocol != IPPROTO_TCP)
    fault (check, rule, "flags of another protocol");
  if ((rule->has_destination && rule->destination.family != check->family) ||
      (rule->has_source && rule->source.family != check->family))
    fault (check, rule, "an address of the other family");
  /* K1.8 */
  if (check->family == DIVERT_FAMILY_IPV6 && ((rule->dst_types & (rule->dst_types - 1)) != 0 ||
                                              (rule->src_types & (rule->src_types - 1)) != 0 ||
                                              ((rule->dst_types | rule->src_types) & DIVERT_ADDRTYPE_BROADCAST) != 0))
    fault (check, rule, "types of addresses that match nothing");
  if (leads_on (rule) && !divert_xt_is_own (rule->table, rule->to))
    fault (check, rule, "leads to a chain that isn't known for ours");
}

static void
follow (Check      *check,
        const char *chain,
        guint       hook)
{
  const DivertXtRule *last = NULL;

  g_hash_table_insert (check->visits, (gpointer) chain, GINT_TO_POINTER (ENTERED));
  g_hash_table_add (check->reached, (gpointer) chain);
  for (guint i = 0; i < check->rules->len && check->fault == NULL; i++)
    {
      const DivertXtRule *rule = divert_xt_rules_index (check->rules, i);

      if (rule->table != check->table || !g_str_equal (rule->chain, chain))
        continue;
      if (last != NULL && is_verdict (last) && !is_conditional (last))
        fault (check, rule, "no packet gets so far");
      last = rule;
      check_rule (check, rule, hook);
      if (!leads_on (rule))
        continue;
      switch (GPOINTER_TO_INT (g_hash_table_lookup (check->visits, rule->to)))
        {
        case ENTERED:
          fault (check, rule, "a loop");
          break;
        case LEFT:
          break;
        default:
          follow (check, rule->to, hook);
        }
    }
  g_hash_table_insert (check->visits, (gpointer) chain, GINT_TO_POINTER (LEFT));
}

/* A ruleset may have a chain that it doesn't enter, but makes parts of a chain only to lead there. */
static gboolean
is_part (const char *name)
{
  for (guint chain = 0; chain < DIVERT_N_CHAINS; chain++)
    if (g_strcmp0 (divert_xt_chain_name (chain), name) == 0 ||
        g_strcmp0 (divert_xt_chain_refusing (chain), name) == 0)
      return FALSE;
  return TRUE;
}

/* Names and tags, and what the walk from the hooks has not met. */
static void
check_rest (Check      *check,
            GHashTable *tagged)
{
  for (guint i = 0; i < check->rules->len; i++)
    {
      const DivertXtRule *rule = divert_xt_rules_index (check->rules, i);
      const gboolean own = divert_xt_is_own (rule->table, rule->chain);

      if (rule->table != check->table)
        continue;
      if (is_part (rule->chain) && !g_hash_table_contains (check->reached, rule->chain))
        fault (check, rule, "nothing leads there");
      if (own == divert_xt_is_builtin (rule->chain) || (!own && rule->target != DIVERT_XT_JUMP))
        fault (check, rule, "neither a hook's jump nor in a chain of ours");
      if (rule->tagged != (own && g_hash_table_add (tagged, (gpointer) rule->chain)))
        fault (check, rule, "the tag isn't in the chain's first rule alone");
    }
}

char *
iptables_kernel_refuse (const GArray *rules,
                        DivertFamily  family)
{
  Check check = { .rules = rules, .family = family };

  for (check.table = 0; check.table < DIVERT_XT_N_TABLES && check.fault == NULL; check.table++)
    {
      g_autoptr(GHashTable) reached = g_hash_table_new (g_str_hash, g_str_equal);
      g_autoptr(GHashTable) tagged = g_hash_table_new (g_str_hash, g_str_equal);

      check.reached = reached;
      for (guint i = 0; i < G_N_ELEMENTS (hooks); i++)
        {
          g_autoptr(GHashTable) visits = g_hash_table_new (g_str_hash, g_str_equal);

          check.visits = visits;
          follow (&check, hooks[i], 1u << i);
        }
      check_rest (&check, tagged);
    }
  return check.fault;
}

void
iptables_kernel_take (const DivertXtRuleset *xt)
{
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      g_autofree char *fault = iptables_kernel_refuse (xt->rules[family], family);

      g_assert_cmpstr (fault, ==, NULL);
    }
}
