/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: where judged packets end up: the proxy's TPROXY port (DELIVER, DELIVER_INTRANET) or its DNS
 * port (DNS).
 */
#include "ruleset-private.h"

#include <glib/gi18n-lib.h>

/* @prefixes: limits the rule to these destinations; NULL: no limit. */
static void
add_tproxy (const DivertMaker *m,
            DivertChain        chain,
            GArray            *prefixes,
            guint16            port)
{
  DivertRule *rule = divert_maker_add (m, chain, DIVERT_VERDICT_TPROXY, NULL);

  rule->protocols = DIVERT_PROTOCOLS_TCP_UDP;
  rule->port = port;
  if (prefixes != NULL)
    rule->destinations = divert_prefixes_copy (prefixes);
}

static gboolean
has_own_port (const DivertMaker *m,
              const DivertSite  *site)
{
  return site->tproxy_port != 0 && site->tproxy_port != m->config->tproxy_port;
}

static void
add_held_drops (const DivertMaker *m)
{
  DivertRule *rule;

  if (m->decision->place != DIVERT_PLACE_HELD)
    return;
  rule = divert_maker_add (m, DIVERT_CHAIN_DELIVER_INTRANET, DIVERT_VERDICT_DROP,
                           N_("the site is in doubt for a moment: its intranet is blocked"));
  rule->destinations = divert_prefixes_copy (m->decision->direct);
}

/* Nobody can answer 0.0.0.0.  A proxy that tries to connects to its own end instead, which is the server's address, and
 * its answers leave by the wire (K3.8). */
static void
add_unanswerable (const DivertMaker *m)
{
  static const DivertPrefix nowhere = { .family = DIVERT_FAMILY_IPV4, .length = 32 };
  DivertRule *rule = divert_maker_add (m, DIVERT_CHAIN_DELIVER, DIVERT_VERDICT_DROP, NULL);

  rule->families &= DIVERT_FAMILIES_IPV4;
  rule->sources = divert_prefixes_new ();
  divert_prefixes_add (rule->sources, &nowhere);
}

/* Does anything depend on the intranet that a packet is for? */
static gboolean
distinguishes_intranets (const DivertMaker *m)
{
  gboolean distinguishes = m->decision->place == DIVERT_PLACE_HELD;

  for (guint i = 0; i < m->config->sites->len && !distinguishes; i++)
    distinguishes = has_own_port (m, g_ptr_array_index (m->config->sites, i));
  return distinguishes;
}

void
divert_ruleset_make_delivery (const DivertMaker *m,
                              GArray            *intranets)
{
  DivertRule *rule;

  add_unanswerable (m);
  if (distinguishes_intranets (m))
    {
      rule = divert_maker_add_to (m, DIVERT_CHAIN_DELIVER, DIVERT_VERDICT_GOTO, DIVERT_CHAIN_DELIVER_INTRANET);
      rule->destinations = g_array_ref (intranets);
    }
  add_tproxy (m, DIVERT_CHAIN_DELIVER, NULL, m->config->tproxy_port);
  /* Only such packets have our mark.  The rest must not pass for packets to a service on this machine. */
  divert_maker_add (m, DIVERT_CHAIN_DELIVER, DIVERT_VERDICT_DROP, NULL);

  add_held_drops (m);
  /* First the sites with a port of their own, then the common one. */
  for (guint i = 0; i < m->config->sites->len; i++)
    {
      const DivertSite *site = g_ptr_array_index (m->config->sites, i);

      if (has_own_port (m, site))
        add_tproxy (m, DIVERT_CHAIN_DELIVER_INTRANET, site->intranet, site->tproxy_port);
    }
  add_tproxy (m, DIVERT_CHAIN_DELIVER_INTRANET, NULL, m->config->tproxy_port);
}

void
divert_ruleset_make_dns (const DivertMaker *m)
{
  DivertRule *rule;

  rule = divert_maker_add_leave (m, DIVERT_CHAIN_DNS, N_("a resolver of this machine is left alone"));
  g_strlcpy (rule->out_interface, "lo", sizeof rule->out_interface);
  rule = divert_maker_add_leave (m, DIVERT_CHAIN_DNS, N_("somebody else's mark is left alone"));
  divert_match_foreign_mark (rule);
  rule = divert_maker_add_leave (m, DIVERT_CHAIN_DNS, N_("the proxy's own packets are left alone"));
  divert_maker_match_own_group (m, rule);

  rule = divert_maker_add (m, DIVERT_CHAIN_DNS, DIVERT_VERDICT_REDIRECT,
                           N_("DNS is redirected to the proxy's DNS port"));
  rule->protocols = DIVERT_PROTOCOLS_TCP_UDP;
  rule->dport = 53;
  rule->port = m->config->dns_port;
}
