/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: where judged packets end: the proxy's TPROXY port (DIVERT, INTRANET_DIVERT), its DNS port
 * (LOCAL_DNS_DIVERT), or nowhere, if they would leave by a wire all the same (DIVERT_GUARD).
 */
#include "ruleset-private.h"

#include <glib/gi18n-lib.h>
#include <netinet/in.h>

static void
add_tproxy (const DivertMaker  *m,
            const char         *chain,
            const DivertPrefix *prefix,
            guint16             port)
{
  for (guint i = 0; i < DIVERT_N_TCP_UDP; i++)
    {
      DivertRule *rule = prefix != NULL ? divert_maker_add_for (m, prefix->family, chain, DIVERT_TARGET_TPROXY, NULL) :
                                          divert_maker_add (m, chain, DIVERT_TARGET_TPROXY, NULL);

      if (rule == NULL)
        return;
      rule->protocol = divert_tcp_udp[i];
      rule->port = port;
      if (prefix != NULL)
        {
          rule->has_destination = TRUE;
          rule->destination = *prefix;
        }
    }
}

static void
add_held_drops (const DivertMaker *m)
{
  for (guint i = 0; m->decision->place == DIVERT_PLACE_HELD && i < m->decision->direct->len; i++)
    {
      const DivertPrefix *prefix = divert_prefixes_index (m->decision->direct, i);
      DivertRule *rule = divert_maker_add_for (m, prefix->family, INTRANET_DIVERT, DIVERT_TARGET_DROP,
                                               N_("the site is in doubt for a moment: its intranet is blocked"));

      if (rule == NULL)
        continue;
      rule->has_destination = TRUE;
      rule->destination = *prefix;
    }
}

void
divert_ruleset_make_tproxy (const DivertMaker *m,
                            const GArray      *intranets)
{
  const char *rest;

  add_held_drops (m);
  /* INTRANET_DIVERT: sites with a port of their own, then the common one. */
  for (guint i = 0; i < m->config->sites->len; i++)
    {
      const DivertSite *site = g_ptr_array_index (m->config->sites, i);

      if (site->tproxy_port == 0 || site->tproxy_port == m->config->tproxy_port)
        continue;
      for (guint j = 0; j < site->intranet->len; j++)
        add_tproxy (m, INTRANET_DIVERT, divert_prefixes_index (site->intranet, j), site->tproxy_port);
    }
  add_tproxy (m, INTRANET_DIVERT, NULL, m->config->tproxy_port);

  rest = divert_ruleset_dispatch (m->ruleset, DIVERT, m->families, intranets, INTRANET_DIVERT, NULL);
  add_tproxy (m, rest, NULL, m->config->tproxy_port);
  /* Nothing else bears our mark; what does must not be taken for a packet to a service of this machine. */
  divert_maker_add (m, rest, DIVERT_TARGET_DROP, NULL);
}

void
divert_ruleset_make_guard (const DivertMaker *m)
{
  DivertRule *rule;

  rule = divert_maker_add (m, DIVERT_GUARD, DIVERT_TARGET_DROP,
                           N_("would leave by a wire although it is to be diverted"));
  divert_match_mark (&rule->mark, m->config->mark, m->config->mask, FALSE);
  /* Not what this machine forwards for others, with a mark of theirs. */
  rule->src_types = DIVERT_ADDRTYPE_LOCAL;

  if (m->config->dns_port == 0)
    return;
  for (guint i = 0; i < DIVERT_N_TCP_UDP; i++)
    {
      rule = divert_ruleset_add_to (m->ruleset, DIVERT_TABLE_MANGLE, DIVERT_GUARD, m->families, DIVERT_TARGET_GOTO,
                                    DIVERT_GUARD_DNS, NULL);
      rule->protocol = divert_tcp_udp[i];
      rule->dport = 53;
    }

  divert_match_foreign_mark (divert_maker_add (m, DIVERT_GUARD_DNS, DIVERT_TARGET_RETURN, NULL));
  if (m->spare != 0)
    divert_match_mark (&divert_maker_add (m, DIVERT_GUARD_DNS, DIVERT_TARGET_RETURN, NULL)->connmark, m->spare,
                       m->config->mask, FALSE);
  divert_maker_match_own_group (m, divert_maker_add (m, DIVERT_GUARD_DNS, DIVERT_TARGET_RETURN, NULL));
  /* Not UDP: one datagram from port 53 would make "replies" of our queries to there, which nat then leaves alone. */
  rule = divert_maker_add (m, DIVERT_GUARD_DNS, DIVERT_TARGET_RETURN, NULL);
  rule->protocol = IPPROTO_TCP;
  rule->ctdir = DIVERT_CTDIR_REPLY;
  rule = divert_maker_add (m, DIVERT_GUARD_DNS, DIVERT_TARGET_DROP, N_("DNS that was not redirected"));
  rule->src_types = DIVERT_ADDRTYPE_LOCAL;
}

void
divert_ruleset_make_dns (const DivertMaker *m)
{
  DivertRule *rule;

  rule = divert_ruleset_add (m->ruleset, DIVERT_TABLE_NAT, LOCAL_DNS_DIVERT, m->families, DIVERT_TARGET_RETURN,
                             N_("a resolver of this machine is left alone"));
  g_strlcpy (rule->out_interface, "lo", sizeof rule->out_interface);
  rule = divert_ruleset_add (m->ruleset, DIVERT_TABLE_NAT, LOCAL_DNS_DIVERT, m->families, DIVERT_TARGET_RETURN,
                             N_("somebody else's mark is left alone"));
  divert_match_foreign_mark (rule);
  rule = divert_ruleset_add (m->ruleset, DIVERT_TABLE_NAT, LOCAL_DNS_DIVERT, m->families, DIVERT_TARGET_RETURN,
                             N_("the proxy's own packets are left alone"));
  divert_maker_match_own_group (m, rule);

  for (guint i = 0; i < DIVERT_N_TCP_UDP; i++)
    {
      rule = divert_ruleset_add (m->ruleset, DIVERT_TABLE_NAT, LOCAL_DNS_DIVERT, m->families, DIVERT_TARGET_REDIRECT,
                                 N_("DNS is redirected to the proxy's DNS port"));
      rule->protocol = divert_tcp_udp[i];
      rule->dport = 53;
      rule->port = m->config->dns_port;
    }
}
