/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: everything around the rules in our table's text (sets, chains and hooks, in nft's layout),
 * and which of the rules to show when somebody asks about one packet.
 */
#include "nftables-text.h"

#include "nftables-chains.h"
#include "nftables-expand.h"
#include "system/filter/wire.h"

static const struct
{
  const char *type;
  const char *flags;
} set_types[] = {
  [DIVERT_NFT_SET_IPV4] = { "ipv4_addr", "constant" },
  [DIVERT_NFT_SET_IPV6] = { "ipv6_addr", "constant" },
  [DIVERT_NFT_SET_PROTOCOLS] = { "inet_proto", "constant" },
  [DIVERT_NFT_SET_ADDRTYPES] = { "fib_addrtype", "constant" },
  [DIVERT_NFT_SET_INTERFACES] = { "ifname", "timeout" },
};

static void
append_interfaces (GString            *text,
                   const DivertNftSet *set)
{
  for (guint i = 0; set->names[i] != NULL; i++)
    {
      g_string_append_printf (text, "%s\"%s\"", i > 0 ? ", " : "", set->names[i]);
      if (set->lifetime_ms > 0)
        g_string_append_printf (text, " timeout %us", set->lifetime_ms / 1000);
    }
}

static void
append_bits (GString            *text,
             const DivertNftSet *set)
{
  const char *separator = "";

  for (guint i = 0; i < 32; i++)
    if ((set->bits & (1u << i)) != 0)
      {
        g_string_append_printf (text, "%s%s", separator,
                                set->type == DIVERT_NFT_SET_PROTOCOLS ? divert_nft_protocol_name (i)
                                                                      : divert_nft_addrtype_name (i));
        separator = ", ";
      }
}

static void
append_set (GString            *text,
            const DivertNftSet *set)
{
  g_string_append_printf (text, "\tset %s {\n\t\ttype %s\n", set->name, set_types[set->type].type);
  if (set->length != 0)
    g_string_append_printf (text, "\t\tsize %u\n", set->prefixes->len);
  g_string_append_printf (text, "\t\tflags %s%s\n", set_types[set->type].flags,
                          set->prefixes != NULL && set->length == 0 ? ",interval" : "");
  if (set->names != NULL && set->names[0] == NULL)
    {
      g_string_append (text, "\t}\n");
      return;
    }
  g_string_append (text, "\t\telements = { ");
  if (set->names != NULL)
    append_interfaces (text, set);
  else if (set->prefixes == NULL)
    append_bits (text, set);
  for (guint i = 0; set->prefixes != NULL && i < set->prefixes->len; i++)
    {
      DivertPrefix prefix = *divert_prefixes_index (set->prefixes, i);
      g_autofree char *string = NULL;

      if (set->length != 0)
        prefix.length = divert_family_bits (prefix.family);
      string = divert_prefix_to_string (&prefix);
      g_string_append_printf (text, "%s%s", i > 0 ? ",\n\t\t\t     " : "", string);
    }
  g_string_append (text, " }\n\t}\n");
}

/* " device "eth0"", " devices = { eth0, wlan0 }" */
static char *
list_devices (const DivertNftTable *table)
{
  g_autoptr(GString) list = g_string_new (NULL);

  if (table->devices->len == 1)
    return g_strdup_printf (" device \"%s\"", (const char *) table->devices->pdata[0]);
  for (guint i = 0; i < table->devices->len; i++)
    g_string_append_printf (list, "%s%s", i > 0 ? ", " : "", (const char *) table->devices->pdata[i]);
  return g_strdup_printf (" devices = { %s }", list->str);
}

static void
append_chain (GString              *text,
              const DivertNftTable *table,
              guint                 chain)
{
  const DivertNftHook *hook = divert_nft_chain_hook (chain);
  const GPtrArray *rules = table->rules[chain];
  g_autofree char *devices = chain == DIVERT_HOOK_WIRE ? list_devices (table) : g_strdup ("");

  g_string_append_printf (text, "\tchain %s {\n\t\tcomment \"%s\"\n", divert_nft_chain_name (chain),
                          divert_nft_chain_comment (chain));
  if (hook != NULL)
    g_string_append_printf (text, "\t\ttype %s hook %s%s priority %s; policy accept;\n", hook->type, hook->hook,
                            devices, hook->priority_text);
  for (guint i = 0; i < rules->len; i++)
    {
      g_autofree char *rule = divert_nft_rule_to_text (g_ptr_array_index (rules, i));

      g_string_append_printf (text, "\t\t%s\n", rule);
    }
  g_string_append (text, "\t}\n");
}

char *
divert_nft_table_to_text (const DivertNftTable *table)
{
  g_autofree char *name = divert_nft_table_describe (table);
  g_autoptr(GString) text = g_string_new (NULL);
  const char *separator = "";

  g_string_append_printf (text, "table %s {\n", name);
  for (guint i = 0; i < table->sets->len; i++)
    {
      g_string_append (text, separator);
      append_set (text, g_ptr_array_index (table->sets, i));
      separator = "\n";
    }
  for (guint chain = 0; chain < DIVERT_NFT_N_CHAINS; chain++)
    if (table->rules[chain] != NULL)
      {
        g_string_append (text, separator);
        append_chain (text, table, chain);
        separator = "\n";
      }
  g_string_append (text, "}\n");
  return g_string_free (g_steal_pointer (&text), FALSE);
}

char *
divert_wire_to_text (const DivertRuleset *ruleset)
{
  g_autoptr(DivertNftTable) table = divert_nft_table_new_wire (ruleset);

  return table->devices->len > 0 ? divert_nft_table_to_text (table) : g_strdup ("");
}

char *
divert_nft_to_text (const DivertRuleset *ruleset)
{
  g_autoptr(DivertNftTable) table = divert_nft_table_new_from_ruleset (DIVERT_NFT_TABLE, ruleset);
  g_autoptr(GString) text = g_string_new (NULL);
  g_autofree char *rules = NULL, *wire = NULL;

  if (divert_ruleset_is_empty (ruleset))
    return g_strdup ("# no rules\n");
  rules = divert_nft_table_to_text (table);
  wire = divert_wire_to_text (ruleset);
  g_string_append_printf (text, "%s%s", rules, wire);
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    if ((ruleset->routing.families & (1 << family)) != 0)
      {
        g_autofree char *routing = divert_routing_to_text (&ruleset->routing, family);

        g_string_append (text, routing);
      }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static gboolean
concerns_address (const DivertNftTable *table,
                  const DivertNftExpr  *expr,
                  const DivertPacket   *packet)
{
  const gboolean is_source = expr->key == DIVERT_NFT_KEY_SOURCE;
  const DivertPrefix *address = is_source ? &packet->source : &packet->destination;

  if (is_source && !packet->has_source)
    return FALSE;
  if (divert_nft_expr_has_set (expr))
    return divert_prefixes_contain (divert_nft_table_find_set (table, expr->name)->prefixes, address) ==
           (expr->kind == DIVERT_NFT_MATCH_SET);
  return divert_prefix_contains (&expr->prefix, address);
}

static gboolean
concerns (const DivertNftTable *table,
          const DivertNftRule  *rule,
          const DivertPacket   *packet)
{
  for (guint i = 0; i < rule->exprs->len; i++)
    {
      const DivertNftExpr *expr = divert_nft_rule_index (rule, i);

      if (!divert_nft_expr_is_match (expr))
        return TRUE;
      if (expr->key == DIVERT_NFT_KEY_FAMILY &&
          (expr->value == 10) != (packet->destination.family == DIVERT_FAMILY_IPV6))
        return FALSE;
      if ((expr->key == DIVERT_NFT_KEY_SOURCE || expr->key == DIVERT_NFT_KEY_DESTINATION) &&
          !concerns_address (table, expr, packet))
        return FALSE;
      if (expr->key == DIVERT_NFT_KEY_PROTOCOL && expr->kind == DIVERT_NFT_MATCH_EQUAL &&
          expr->value != packet->protocol)
        return FALSE;
    }
  return TRUE;
}

/* The position of @rule in @ruleset. */
static guint
find_index (const DivertRuleset *ruleset,
            const DivertRule    *rule)
{
  guint i = 0;

  g_assert (g_ptr_array_find (ruleset->rules, rule, &i));
  return i;
}

/* The first of @rules that one at @index in the ruleset became and that @packet may match; NULL: none. */
static const DivertNftRule *
find_described (const DivertNftTable *table,
                const GPtrArray      *rules,
                const DivertRuleset  *ruleset,
                guint                 index,
                const DivertPacket   *packet)
{
  for (guint i = 0; rules != NULL && i < rules->len; i++)
    {
      const DivertNftRule *candidate = g_ptr_array_index (rules, i);

      if (candidate->first != NULL && index >= find_index (ruleset, candidate->first) &&
          index <= find_index (ruleset, candidate->last) && concerns (table, candidate, packet))
        return candidate;
    }
  return NULL;
}

void
divert_nft_describe (const DivertRuleset *ruleset,
                     const DivertRule    *rule,
                     const DivertPacket  *packet,
                     DivertRuleText      *ret_text)
{
  g_autoptr(DivertNftTable) table = divert_nft_table_new_from_ruleset (DIVERT_NFT_TABLE, ruleset);
  const guint index = find_index (ruleset, rule);
  const DivertNftRule *described = NULL;
  g_autofree char *text = NULL;

  /* Its rules may be in a hook's chain. */
  for (guint chain = 0; chain < DIVERT_NFT_N_CHAINS && described == NULL; chain++)
    described = find_described (table, table->rules[chain], ruleset, index, packet);
  if (described == NULL)
    return;
  ret_text->table = g_strdup ("inet " DIVERT_NFT_TABLE);
  ret_text->chain = g_strdup (divert_nft_chain_name (described->chain));
  text = divert_nft_rule_to_text (described);
  /* nft's rules don't name their chain, but a person wants to know it. */
  ret_text->text = g_strdup_printf ("%s: %s", ret_text->chain, text);
}
