/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the tools by which the ruleset's makers write rules: adding one, and the matches and
 * groups of rules that several chains have in common; and the hooks' jumps.
 */
#include "ruleset-private.h"

#include <glib/gi18n-lib.h>

DivertRule *
divert_maker_add (const DivertMaker *m,
                  DivertChain        chain,
                  DivertVerdict      verdict,
                  const char        *why)
{
  DivertRule *rule = divert_rule_new (chain, m->families);

  rule->verdict = verdict;
  rule->why = why;
  g_ptr_array_add (m->ruleset->rules, rule);
  return rule;
}

DivertRule *
divert_maker_add_leave (const DivertMaker *m,
                        DivertChain        chain,
                        const char        *why)
{
  return divert_maker_add (m, chain, DIVERT_VERDICT_LEAVE, why);
}

DivertRule *
divert_maker_add_to (const DivertMaker *m,
                     DivertChain        chain,
                     DivertVerdict      verdict,
                     DivertChain        to)
{
  DivertRule *rule = divert_maker_add (m, chain, verdict, NULL);

  rule->to = to;
  return rule;
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

/* Sets our mark on TCP and UDP. */
void
divert_maker_add_marking (const DivertMaker *m,
                          DivertChain        chain,
                          const char        *why)
{
  DivertRule *rule = divert_maker_add (m, chain, DIVERT_VERDICT_MARK, why);

  rule->protocols = DIVERT_PROTOCOLS_TCP_UDP;
  divert_maker_set_mark (m, rule, m->config->mark);
}

void
divert_maker_add_leave_if_marked (const DivertMaker *m,
                                  DivertChain        chain)
{
  divert_match_mark (&divert_maker_add_leave (m, chain, NULL)->mark, m->config->mark, m->config->mask, FALSE);
}

/* Own, multicast and broadcast addresses, as the kernel's routing knows them. */
void
divert_maker_add_special_addresses (const DivertMaker *m,
                                    DivertChain        chain)
{
  static const guint types[DIVERT_N_FAMILIES] = {
    [DIVERT_FAMILY_IPV4] = DIVERT_ADDRTYPE_LOCAL | DIVERT_ADDRTYPE_BROADCAST | DIVERT_ADDRTYPE_MULTICAST,
    [DIVERT_FAMILY_IPV6] = DIVERT_ADDRTYPE_LOCAL | DIVERT_ADDRTYPE_MULTICAST,
  };

  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      DivertRule *rule = divert_maker_add_leave (m, chain,
                                                 N_("own, multicast and broadcast addresses are reached directly"));

      rule->families = 1 << family;
      rule->dst_types = types[family];
    }
}

void
divert_ruleset_make_hooks (const DivertMaker *m)
{
  DivertRule *rule;

  divert_maker_add_to (m, DIVERT_HOOK_OUTPUT, DIVERT_VERDICT_JUMP, DIVERT_CHAIN_JUDGE);

  rule = divert_maker_add_to (m, DIVERT_HOOK_DELIVER, DIVERT_VERDICT_JUMP, DIVERT_CHAIN_DELIVER);
  g_strlcpy (rule->in_interface, "lo", sizeof rule->in_interface);
  divert_match_mark (&rule->mark, m->config->mark, m->config->mask, FALSE);

  rule = divert_maker_add_to (m, DIVERT_HOOK_GUARD, DIVERT_VERDICT_JUMP, DIVERT_CHAIN_GUARD);
  g_strlcpy (rule->out_interface, "lo", sizeof rule->out_interface);
  rule->out_invert = TRUE;

  if (m->config->dns_port != 0)
    divert_maker_add_to (m, DIVERT_HOOK_DNS, DIVERT_VERDICT_JUMP, DIVERT_CHAIN_DNS);
}
