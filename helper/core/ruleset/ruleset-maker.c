/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the tools by which the ruleset's makers write rules: adding one, and the matches and
 * groups of rules that several chains have in common.
 */
#include "ruleset-private.h"

#include <glib/gi18n-lib.h>
#include <netinet/in.h>

const guint8 divert_tcp_udp[DIVERT_N_TCP_UDP] = { IPPROTO_TCP, IPPROTO_UDP };

/* Is this the first rule of the chain in any of @families?  Remembers that there is one now. */
static gboolean
opens_chain (DivertRuleset *ruleset,
             DivertTable    table,
             const char    *chain,
             DivertFamilies families)
{
  DivertFamilies known = GPOINTER_TO_UINT (g_hash_table_lookup (ruleset->opened[table], chain));

  if ((known & families) == families)
    return FALSE;
  g_hash_table_insert (ruleset->opened[table], g_strdup (chain), GUINT_TO_POINTER (known | families));
  return TRUE;
}

DivertRule *
divert_ruleset_add (DivertRuleset *ruleset,
                    DivertTable    table,
                    const char    *chain,
                    DivertFamilies families,
                    DivertTarget   target,
                    const char    *why)
{
  DivertRule *rule = g_new0 (DivertRule, 1);

  rule->table = table;
  g_strlcpy (rule->chain, chain, sizeof rule->chain);
  rule->families = families;
  rule->target = target;
  rule->why = why;
  rule->tagged = divert_chain_is_own (table, chain) && opens_chain (ruleset, table, chain, families);
  g_ptr_array_add (ruleset->rules, rule);
  return rule;
}

DivertRule *
divert_ruleset_add_to (DivertRuleset *ruleset,
                       DivertTable    table,
                       const char    *chain,
                       DivertFamilies families,
                       DivertTarget   target,
                       const char    *to,
                       const char    *why)
{
  DivertRule *rule = divert_ruleset_add (ruleset, table, chain, families, target, why);

  g_strlcpy (rule->to, to, sizeof rule->to);
  return rule;
}

DivertRule *
divert_maker_add (const DivertMaker *m,
                  const char        *chain,
                  DivertTarget       target,
                  const char        *why)
{
  return divert_ruleset_add (m->ruleset, DIVERT_TABLE_MANGLE, chain, m->families, target, why);
}

/* Only for one family; NULL if that family is switched off. */
DivertRule *
divert_maker_add_for (const DivertMaker *m,
                      DivertFamily       family,
                      const char        *chain,
                      DivertTarget       target,
                      const char        *why)
{
  if ((m->families & (1 << family)) == 0)
    return NULL;
  return divert_ruleset_add (m->ruleset, DIVERT_TABLE_MANGLE, chain, 1 << family, target, why);
}

void
divert_match_mark (DivertMarkMatch *match,
                   guint32          value,
                   guint32          mask,
                   gboolean         invert)
{
  *match = (DivertMarkMatch){ .has = TRUE, .invert = invert, .value = value, .mask = mask };
}

/* Any bit of the mark: a tunnel's (WireGuard, Tailscale) lies outside our mask. */
void
divert_match_foreign_mark (DivertRule *rule)
{
  divert_match_mark (&rule->mark, 0, G_MAXUINT32, TRUE);
}

void
divert_maker_set_mark (const DivertMaker *m,
                       DivertRule        *rule,
                       guint32            value)
{
  rule->value = value;
  rule->mask = m->config->mask;
}

void
divert_maker_match_own_group (const DivertMaker *m,
                              DivertRule        *rule)
{
  rule->has_gid = TRUE;
  rule->gid = m->gid;
}

void
divert_maker_add_hook (const DivertMaker *m,
                       DivertTable        table,
                       const char        *hook,
                       const char        *chain,
                       const char        *in_interface,
                       const char        *not_out_interface,
                       gboolean           marked)
{
  DivertRule *rule = divert_ruleset_add_to (m->ruleset, table, hook, m->families, DIVERT_TARGET_JUMP, chain, NULL);

  if (in_interface != NULL)
    g_strlcpy (rule->in_interface, in_interface, sizeof rule->in_interface);
  if (not_out_interface != NULL)
    {
      g_strlcpy (rule->out_interface, not_out_interface, sizeof rule->out_interface);
      rule->out_invert = TRUE;
    }
  if (marked)
    divert_match_mark (&rule->mark, m->config->mark, m->config->mask, FALSE);
}

/* Sets our mark on TCP and UDP, in two rules: a rule names one protocol. */
void
divert_maker_add_marking (const DivertMaker *m,
                          const char        *chain,
                          const char        *why)
{
  for (guint i = 0; i < DIVERT_N_TCP_UDP; i++)
    {
      DivertRule *rule = divert_maker_add (m, chain, DIVERT_TARGET_MARK, why);

      rule->protocol = divert_tcp_udp[i];
      divert_maker_set_mark (m, rule, m->config->mark);
    }
}

void
divert_maker_add_return_if_marked (const DivertMaker *m,
                                   const char        *chain)
{
  divert_match_mark (&divert_maker_add (m, chain, DIVERT_TARGET_RETURN, NULL)->mark, m->config->mark, m->config->mask,
                     FALSE);
}

/* Own, multicast and broadcast addresses, as the kernel's routing knows them. */
void
divert_maker_add_special_addresses (const DivertMaker *m,
                                    const char        *chain)
{
  const char *why = N_("own, multicast and broadcast addresses are reached directly");
  DivertRule *rule;

  rule = divert_maker_add_for (m, DIVERT_FAMILY_IPV4, chain, DIVERT_TARGET_RETURN, why);
  if (rule != NULL)
    rule->dst_types = DIVERT_ADDRTYPE_LOCAL | DIVERT_ADDRTYPE_BROADCAST | DIVERT_ADDRTYPE_MULTICAST;
  rule = divert_maker_add_for (m, DIVERT_FAMILY_IPV6, chain, DIVERT_TARGET_RETURN, why);
  if (rule != NULL)
    rule->dst_types = DIVERT_ADDRTYPE_LOCAL | DIVERT_ADDRTYPE_MULTICAST;
}

void
divert_maker_add_return_to (const DivertMaker *m,
                            const char        *chain,
                            const char        *prefix_text,
                            const char        *why)
{
  DivertPrefix prefix;
  DivertRule *rule;

  if (!divert_prefix_parse (prefix_text, &prefix, NULL))
    return;
  rule = divert_maker_add_for (m, prefix.family, chain, DIVERT_TARGET_RETURN, why);
  if (rule == NULL)
    return;
  rule->has_destination = TRUE;
  rule->destination = prefix;
}
