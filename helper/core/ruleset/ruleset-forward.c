/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: FORWARDED, LANS, LAN and TAKE, which judge what this machine forwards for its own LANs, and
 * LAN_DNS and LAN_REDIRECT, which redirect their DNS.
 *
 * Theory of operation.  A forwarded packet doesn't pass the hook OUTPUT.  It comes in by its LAN's
 * device at the hook DELIVER, gets our mark there, and goes to the proxy's TPROXY port like a packet
 * that comes in again by lo.  The routing rule for the mark then delivers it to this machine.
 *
 * LANS is the only chain that names a device.  It demands an address of that device's network as well,
 * so what a stranger sends by an uplink is never diverted, whatever address it comes from, nor what a
 * container forwards for others.  When a container's network appears or vanishes, this chain is written
 * and no other.  With forward=intranet, nothing but packets to an intranet reaches it: FORWARDED
 * compares a destination or two, and that is all that the laptop's own downloads pay.
 *
 * A packet to an intranet is judged by itself, by the current place, like one of this machine.  At its
 * site it is left to the LAN's own NAT.
 *
 * The proxy answers from the server's address, by a packet of this machine to the LAN.  So the
 * connection gets the spare mark, and JUDGE leaves the answers alone.  The mark says nothing about the
 * packets of the LAN, which never meet JUDGE.
 *
 * If br_netfilter is in use (docker's default), a bridge's frames pass the hook DELIVER as frames, and
 * what TPROXY said is forgotten before they arrive as packets.  They keep the mark, by which AGAIN
 * recognises them (K3.15).  That chain must be registered after br_netfilter, so there is none before.
 * Legacy tables have no such hook.  With them, the guard's table in nftables has it (guard-alone.c).
 *
 * DNS is redirected with forward=all only, and not if it is for an intranet, which has its own names, or
 * for a server in dns-except.
 * The kernel redirects to the address of the LAN's device, so the proxy's DNS port must listen there.
 *
 * What a site lets go direct besides its intranet goes direct for its LANs, too, and while that is in
 * doubt, the fence holds it.
 *
 * A packet that has somebody else's mark is left alone, and the fence holds it if it is for an intranet.
 * It also holds whatever comes from a device that is not in LANS.
 */
#include "lans.h"
#include "ruleset-private.h"

#include <glib/gi18n-lib.h>

/* A bridge's frames from one container to another come by here as well, if br_netfilter is in use. */
static void
add_within (const DivertMaker *m,
            const DivertLan   *lan)
{
  DivertRule *rule = divert_maker_add_leave (m, DIVERT_CHAIN_LANS, N_("it stays within an own network"));

  g_strlcpy (rule->in_interface, lan->name, sizeof rule->in_interface);
  rule->sources = g_array_ref (lan->prefixes);
  rule->destinations = g_array_ref (lan->prefixes);
}

static DivertRule *
add_entrance (const DivertMaker *m,
              const DivertLan   *lan,
              DivertChain        chain,
              DivertChain        to)
{
  DivertRule *rule = divert_maker_add_to (m, chain, DIVERT_VERDICT_GOTO, to);

  g_strlcpy (rule->in_interface, lan->name, sizeof rule->in_interface);
  rule->sources = g_array_ref (lan->prefixes);
  return rule;
}

static DivertRule *
add_hook (const DivertMaker *m,
          DivertChain        hook,
          DivertChain        to)
{
  DivertRule *rule = divert_maker_add_to (m, hook, DIVERT_VERDICT_JUMP, to);

  g_strlcpy (rule->in_interface, "lo", sizeof rule->in_interface);
  rule->in_invert = TRUE;
  return rule;
}

static void
make_lans (const DivertMaker *m,
           const GArray      *intranets)
{
  for (guint i = 0; i < m->lans->len; i++)
    {
      const DivertLan *lan = g_ptr_array_index (m->lans, i);

      if (m->config->forward == DIVERT_FORWARD_ALL || divert_prefixes_overlap (lan->prefixes, intranets))
        add_within (m, lan);
      add_entrance (m, lan, DIVERT_CHAIN_LANS, DIVERT_CHAIN_LAN);
    }
}

static void
make_lan (const DivertMaker *m,
          GArray            *intranets)
{
  static const char by_its_own_way[] = N_("an own network reaches the site that we are at by its own way");
  const DivertChain chain = DIVERT_CHAIN_LAN;

  divert_match_foreign_mark (divert_maker_add_leave (m, chain, N_("somebody else's mark is left alone")));
  if (m->decision->place == DIVERT_PLACE_SITE)
    divert_maker_add_leave (m, chain, by_its_own_way)->destinations = g_array_ref (m->decision->direct);
  if (m->config->forward != DIVERT_FORWARD_ALL)
    {
      divert_maker_add_to (m, chain, DIVERT_VERDICT_GOTO, DIVERT_CHAIN_TAKE);
      return;
    }
  divert_maker_add_to (m, chain, DIVERT_VERDICT_GOTO, DIVERT_CHAIN_TAKE)->destinations = g_array_ref (intranets);
  /* Whether the proxy is known or not: its own questions don't come from there.  In legacy tables this comes first, and
   * what it marked would not be redirected. */
  if (m->config->dns_port != 0 && !divert_maker_lets (m, m->decision->dns))
    divert_judge_leave_dns (m, chain);
  if (divert_maker_lets (m, m->decision->internet) || divert_maker_holds (m))
    return;
  divert_exemptions_add_bypass (m, chain, DIVERT_VERDICT_LEAVE);
  divert_exemptions_add_link_local (m, chain, DIVERT_VERDICT_LEAVE);
  divert_exemptions_add_special (m, chain, DIVERT_VERDICT_LEAVE);
  divert_maker_add_to (m, chain, DIVERT_VERDICT_GOTO, DIVERT_CHAIN_TAKE)->protocols = DIVERT_PROTOCOLS_TCP_UDP;
}

static void
make_take (const DivertMaker *m)
{
  const DivertChain chain = DIVERT_CHAIN_TAKE;
  DivertRule *rule;

  if (m->spare != 0)
    {
      rule = divert_maker_add (m, chain, DIVERT_VERDICT_CONNMARK, NULL);
      rule->protocols = DIVERT_PROTOCOLS_TCP_UDP;
      divert_maker_set_mark (m, rule, m->spare);
    }
  rule = divert_maker_add (m, chain, DIVERT_VERDICT_MARK, N_("an own network's traffic goes to the proxy"));
  rule->protocols = DIVERT_PROTOCOLS_TCP_UDP;
  divert_maker_set_mark (m, rule, m->config->mark);
  rule = divert_maker_add_to (m, chain, DIVERT_VERDICT_GOTO, DIVERT_CHAIN_DELIVER);
  divert_match_mark (&rule->mark, m->config->mark, m->config->mask, FALSE);
  divert_maker_add (m, chain, DIVERT_VERDICT_DROP,
                    N_("no proxy carries this protocol to an intranet that we are not at"));
}

/* A resolver on this machine, such as libvirt's, asks by itself. */
static void
make_dns (const DivertMaker *m,
          GArray            *intranets)
{
  const DivertChain chain = DIVERT_CHAIN_LAN_REDIRECT;
  DivertRule *rule;

  add_hook (m, DIVERT_HOOK_LAN_DNS, DIVERT_CHAIN_LAN_DNS);
  for (guint i = 0; i < m->lans->len; i++)
    {
      rule = add_entrance (m, g_ptr_array_index (m->lans, i), DIVERT_CHAIN_LAN_DNS, chain);
      rule->protocols = DIVERT_PROTOCOLS_TCP_UDP;
      rule->dport = 53;
    }
  divert_match_foreign_mark (divert_maker_add_leave (m, chain, N_("somebody else's mark is left alone")));
  if (intranets->len > 0)
    divert_maker_add_leave (m, chain, NULL)->destinations = g_array_ref (intranets);
  divert_exemptions_add_special (m, chain, DIVERT_VERDICT_LEAVE);
  divert_maker_redirect_dns (m, chain);
}

void
divert_ruleset_make_forward (const DivertMaker *m,
                             GArray            *intranets)
{
  const gboolean all = m->config->forward == DIVERT_FORWARD_ALL;

  if (m->lans->len == 0 || (!all && intranets->len == 0))
    return;
  add_hook (m, DIVERT_HOOK_DELIVER, all ? DIVERT_CHAIN_LANS : DIVERT_CHAIN_FORWARDED);
  if (m->facts->bridge_frames)
    {
      DivertRule *rule = add_hook (m, DIVERT_HOOK_AGAIN, DIVERT_CHAIN_DELIVER);

      divert_match_mark (&rule->mark, m->config->mark, m->config->mask, FALSE);
    }
  if (!all)
    divert_maker_add_to (m, DIVERT_CHAIN_FORWARDED, DIVERT_VERDICT_GOTO, DIVERT_CHAIN_LANS)->destinations =
        g_array_ref (intranets);
  make_lans (m, intranets);
  make_lan (m, intranets);
  make_take (m);
  if (all && m->config->dns_port != 0 && !divert_maker_lets (m, m->decision->dns))
    make_dns (m, intranets);
}
