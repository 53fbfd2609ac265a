/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the tools for writing rules: adding a rule, the matches and groups of rules that several
 * chains share, and the jumps from the hooks.
 */
#include "fence.h"
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

/* Any bit of the mark, because a tunnel's (WireGuard, Tailscale) is outside our mask. */
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
divert_rule_match_unit (DivertRule       *rule,
                        const DivertUnit *unit)
{
  rule->cgroup = unit->id;
  rule->cgroup_path = g_ref_string_acquire (unit->path);
}

static void
match_group (const DivertMaker *m,
             DivertRule        *rule)
{
  rule->has_gid = TRUE;
  rule->gid = m->gid;
}

void
divert_maker_match_dns (const DivertMaker *m,
                        DivertRule        *rule)
{
  rule->protocols = DIVERT_PROTOCOLS_TCP_UDP;
  rule->dport = 53;
  if (m->dns_except == NULL)
    return;
  rule->destinations = g_array_ref (m->dns_except);
  rule->destinations_invert = TRUE;
}

DivertFamilies
divert_maker_find_circles (const DivertMaker *m)
{
  if (m->listening == NULL || m->config->dns_port == 0)
    return DIVERT_FAMILIES_NONE;
  return divert_listening_find_circles (m->listening, m->config->dns_port) & m->families;
}

static void
add_refusal (const DivertMaker *m,
             DivertChain        chain,
             DivertFamilies     families)
{
  DivertRule *rule = divert_maker_add (m, chain, DIVERT_VERDICT_REFUSE,
                                       N_("the resolver on the DNS port asks itself, so DNS is refused"));

  divert_maker_match_dns (m, rule);
  rule->families = families;
  rule->refused_port = m->config->dns_port;
  rule->port = DIVERT_PORT_CLOSED;
}

/* Each family for itself: where the proxy doesn't listen, any user may have its port, and ask himself. */
void
divert_maker_redirect_dns (const DivertMaker *m,
                           DivertChain        chain)
{
  const DivertFamilies circular = divert_maker_find_circles (m);
  DivertRule *rule;

  if (circular != m->families)
    {
      rule = divert_maker_add (m, chain, DIVERT_VERDICT_REDIRECT, N_("DNS is redirected to the proxy's DNS port"));
      divert_maker_match_dns (m, rule);
      rule->families = m->families & ~circular;
      rule->port = m->config->dns_port;
    }
  if (circular != DIVERT_FAMILIES_NONE)
    add_refusal (m, chain, circular);
}

void
divert_maker_match_own_group (const DivertMaker *m,
                              DivertRule        *rule)
{
  if (m->gid != DIVERT_GID_NONE)
    match_group (m, rule);
  else
    g_ptr_array_remove (m->ruleset->rules, rule);
}

void
divert_maker_match_own (const DivertMaker *m,
                        DivertRule        *rule)
{
  if (m->unit != NULL)
    {
      DivertRule *by_unit = divert_rule_copy (rule);

      divert_rule_match_unit (by_unit, m->unit);
      g_ptr_array_add (m->ruleset->rules, by_unit);
    }
  divert_maker_match_own_group (m, rule);
}

DivertRule *
divert_maker_mark_unit (const DivertMaker *m,
                        DivertChain        chain)
{
  DivertRule *rule = divert_maker_add (m, chain, DIVERT_VERDICT_MARK, NULL);

  /* PASS judges what is on its way to the fence. */
  g_strlcpy (rule->out_interface, DIVERT_FENCE_DEVICE, sizeof rule->out_interface);
  rule->out_invert = TRUE;
  divert_maker_set_mark (m, rule, m->served);
  divert_rule_match_unit (rule, m->unit);
  return rule;
}

void
divert_maker_match_remembered (const DivertMaker *m,
                               DivertRule        *rule,
                               DivertProtocol     protocol,
                               guint32            value)
{
  if (protocol == DIVERT_PROTOCOL_TCP)
    {
      divert_rule_match_opening (rule);
      rule->tcp_flags_invert = TRUE;
    }
  rule->protocols = protocol;
  divert_match_mark (&rule->connmark, value, m->config->mask, FALSE);
}

void
divert_maker_add_leave_if_marked (const DivertMaker *m,
                                  DivertChain        chain)
{
  divert_match_mark (&divert_maker_add_leave (m, chain, NULL)->mark, m->config->mark, m->config->mask, FALSE);
}

/* Match both ports, so that only a DHCP client's privileged socket gets through.  Without its lease the
 * machine is offline, and the server may have an address in an intranet (K3.6). */
void
divert_maker_match_dhcp (DivertRule   *rule,
                         DivertFamily  family)
{
  static const guint16 ports[DIVERT_N_FAMILIES][2] = {
    [DIVERT_FAMILY_IPV4] = { 68, 67 },
    [DIVERT_FAMILY_IPV6] = { 546, 547 },
  };

  rule->families = 1 << family;
  rule->protocols = DIVERT_PROTOCOL_UDP;
  rule->sport = ports[family][0];
  rule->dport = ports[family][1];
}

void
divert_maker_add_dhcp (const DivertMaker *m,
                       DivertChain        chain)
{
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    divert_maker_match_dhcp (divert_maker_add_leave (m, chain, N_("DHCP is left alone")), family);
}

void
divert_maker_add_neighbour_discovery (const DivertMaker *m,
                                      DivertChain        chain)
{
  /* NS and NA.  Without them, a router that has an intranet address (the same subnet elsewhere) could no
   * longer find us. */
  static const guint8 neighbour_discovery[] = { 135, 136 };

  for (guint i = 0; i < G_N_ELEMENTS (neighbour_discovery); i++)
    {
      DivertRule *rule = divert_maker_add_leave (m, chain, N_("neighbour discovery is left alone"));

      rule->families = DIVERT_FAMILIES_IPV6;
      rule->protocols = DIVERT_PROTOCOL_ICMP;
      rule->icmpv6_type = neighbour_discovery[i];
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

  if (m->spare != 0)
    {
      rule = divert_maker_add_to (m, DIVERT_HOOK_ARRIVE, DIVERT_VERDICT_JUMP, DIVERT_CHAIN_SERVE);
      g_strlcpy (rule->in_interface, "lo", sizeof rule->in_interface);
      rule->in_invert = TRUE;
    }

  rule = divert_maker_add_to (m, DIVERT_HOOK_GUARD, DIVERT_VERDICT_JUMP, DIVERT_CHAIN_GUARD);
  g_strlcpy (rule->out_interface, "lo", sizeof rule->out_interface);
  rule->out_invert = TRUE;

  if (m->config->dns_port != 0)
    divert_maker_add_to (m, DIVERT_HOOK_DNS, DIVERT_VERDICT_JUMP, DIVERT_CHAIN_DNS);
}
