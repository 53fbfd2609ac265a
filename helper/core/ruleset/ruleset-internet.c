/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: what a site lets go direct besides its intranet: everything else (internet=direct), and DNS (dns=direct).
 *
 * Theory of operation
 * -------------------
 * It is granted as the intranet is: packet by packet, by the device and from the addresses that proved the site, in
 * chains that are emptied to withdraw it.  It never reaches another site's intranet, because what is for one has gone
 * to INTRANET before, and doesn't return.  A connection that was diverted stays so until it is ended (run/ending.c).
 *
 * At such a site nearly all packets go direct, so the way of those is as short as that of the intranet's.  If the
 * site's intranet is the only one, the grant doesn't depend on the destination at all: then GRANTS asks for the device
 * and the address only.  Otherwise INTERNET comes straight behind the intranets.  What the rules behind it let go would
 * go direct all the same: it is for the device of the grant, so not on its way to lo or to the fence.  The connections
 * that the proxy opens have been claimed before, so that they stay its own when the site is left.
 *
 * DNS that goes direct gets the spare mark, so the hook DNS leaves it alone without a grant of its own.  The guard asks
 * for the device and the address again.  NAMES_INTRANET comes before GRANTS, because a query that GRANTS
 * leaves alone would be redirected.  NAMES comes where DNS is otherwise left to the redirection.  If only DNS is
 * granted, a query to the internet is treated as any other packet: a bypass prefix is reached directly, and the rest
 * goes to the proxy's TPROXY port.
 *
 * The fence holds the whole internet while such a grant ends (fence.c).  Until the filter is written and the fence lets
 * it go again, all packets with another destination than an intranet meet the fence too.  STRANDED sorts them: what is
 * diverted gets our mark, and what goes direct anywhere gets the spare mark and passes.  What had the grant is left to
 * the fence (FENCED_INTERNET), as the intranet's packets are (FENCED).
 *
 * For a site in doubt, the fence holds them for as long as that takes.  A socket that is bound to a device passes the
 * fence, so INTERNET drops its packets then.
 */
#include "fence.h"
#include "ruleset-private.h"

#include <glib/gi18n-lib.h>

static const char held[] = N_("the site is in doubt for a moment: the internet is blocked");

gboolean
divert_maker_lets (const DivertMaker *m,
                   gboolean           granted)
{
  return granted && m->decision->place == DIVERT_PLACE_SITE;
}

gboolean
divert_maker_holds (const DivertMaker *m)
{
  return m->decision->internet && m->decision->place == DIVERT_PLACE_HELD;
}

gboolean
divert_maker_grants (const DivertMaker *m)
{
  return divert_maker_lets (m, m->decision->internet) || divert_maker_holds (m);
}

static gboolean
may_meet_fence (const DivertMaker *m)
{
  gboolean may = FALSE;

  for (guint i = 0; i < m->config->sites->len && !may; i++)
    {
      const DivertSite *site = g_ptr_array_index (m->config->sites, i);

      may = site->internet_direct || site->dns_direct;
    }
  return may;
}

gboolean
divert_internet_is_everything (const DivertMaker *m,
                               const GArray      *intranets)
{
  gboolean everything = divert_maker_lets (m, m->decision->internet) && divert_maker_knows_proxy (m);

  for (guint i = 0; i < intranets->len && everything; i++)
    everything = divert_prefixes_contain (m->decision->direct, divert_prefixes_index (intranets, i));
  return everything;
}

/* All rules there are for queries alone, so the jump only saves the others the way. */
void
divert_internet_add_names (const DivertMaker *m,
                           DivertChain        chain)
{
  DivertRule *rule;

  if (!divert_maker_lets (m, m->decision->dns))
    return;
  rule = divert_maker_add_to (m, DIVERT_CHAIN_JUDGE, DIVERT_VERDICT_JUMP, chain);
  rule->protocols = DIVERT_PROTOCOLS_TCP_UDP;
  rule->dport = 53;
}

/* While the proxy isn't known, its questions are diverted, too. */
gboolean
divert_internet_is_behind_dns (const DivertMaker *m)
{
  return divert_maker_lets (m, m->decision->internet) && !divert_maker_knows_proxy (m);
}

void
divert_internet_add_granted (const DivertMaker *m)
{
  if (!divert_maker_lets (m, m->decision->internet) || m->everything)
    return;
  divert_internet_add_names (m, DIVERT_CHAIN_NAMES);
  if (divert_internet_is_behind_dns (m))
    divert_judge_add_dns (m, DIVERT_CHAIN_JUDGE);
  divert_maker_add_to (m, DIVERT_CHAIN_JUDGE, DIVERT_VERDICT_JUMP, DIVERT_CHAIN_INTERNET);
}

void
divert_internet_add_fenced (const DivertMaker *m)
{
  DivertRule *rule;

  if (!may_meet_fence (m))
    return;
  rule = divert_maker_add_to (m, DIVERT_CHAIN_JUDGE, DIVERT_VERDICT_GOTO, DIVERT_CHAIN_STRANDED);
  g_strlcpy (rule->out_interface, DIVERT_FENCE_DEVICE, sizeof rule->out_interface);
}

static DivertRule *
add_for_exit (const DivertMaker *m,
              const DivertExit  *way_out,
              DivertChain        chain,
              DivertVerdict      verdict,
              const char        *why)
{
  DivertRule *rule = divert_maker_add (m, chain, verdict, why);

  g_strlcpy (rule->out_interface, way_out->device, sizeof rule->out_interface);
  rule->out_index = way_out->ifindex;
  rule->sources = divert_prefixes_copy (way_out->sources);
  return rule;
}

static DivertRule *
add_query (const DivertMaker *m,
           const DivertExit  *way_out,
           DivertChain        chain,
           guint32            mark)
{
  DivertRule *rule = add_for_exit (m, way_out, chain, DIVERT_VERDICT_MARK_LEAVE,
                                   N_("at this site, DNS is asked without the proxy"));

  rule->protocols = DIVERT_PROTOCOLS_TCP_UDP;
  rule->dport = 53;
  divert_maker_set_mark (m, rule, mark);
  return rule;
}

void
divert_ruleset_make_names (const DivertMaker *m)
{
  if (!divert_maker_lets (m, m->decision->dns) || m->config->dns_port == 0)
    return;
  for (guint i = 0; i < m->decision->exits->len; i++)
    {
      const DivertExit *way_out = g_ptr_array_index (m->decision->exits, i);

      if (!m->everything)
        add_query (m, way_out, DIVERT_CHAIN_NAMES_INTRANET, m->spare)->destinations =
          g_array_ref (m->decision->direct);
      add_for_exit (m, way_out, DIVERT_CHAIN_NAMES_LEAVING, DIVERT_VERDICT_LEAVE, NULL);
      if (m->decision->internet)
        {
          add_query (m, way_out, DIVERT_CHAIN_NAMES, m->spare);
          continue;
        }
      add_query (m, way_out, DIVERT_CHAIN_NAMES, m->spare)->destinations = g_array_ref (m->bypass);
      divert_maker_match_own (m, add_query (m, way_out, DIVERT_CHAIN_NAMES, m->spare));
      add_query (m, way_out, DIVERT_CHAIN_NAMES, m->config->mark)->why = N_("everything else goes to the proxy");
    }
}

void
divert_ruleset_make_internet (const DivertMaker *m)
{
  DivertRule *rule;

  if (!divert_maker_lets (m, m->decision->internet) && !divert_maker_holds (m))
    return;
  for (guint i = 0; i < m->decision->exits->len; i++)
    {
      const DivertExit *way_out = g_ptr_array_index (m->decision->exits, i);

      if (!divert_maker_holds (m))
        add_for_exit (m, way_out, DIVERT_CHAIN_INTERNET, DIVERT_VERDICT_LEAVE,
                      N_("at this site, the internet is reached directly"));
      else
        add_for_exit (m, way_out, DIVERT_CHAIN_INTERNET, DIVERT_VERDICT_DROP, held)->protocols =
            DIVERT_PROTOCOLS_TCP_UDP;
    }
  rule = divert_maker_add_leave (m, DIVERT_CHAIN_FENCED_INTERNET, held);
  rule->protocols = DIVERT_PROTOCOLS_TCP_UDP;
  g_strlcpy (rule->out_interface, DIVERT_FENCE_DEVICE, sizeof rule->out_interface);
}

/* In the order of JUDGE. */
void
divert_ruleset_make_stranded (const DivertMaker *m)
{
  const DivertChain chain = DIVERT_CHAIN_STRANDED;
  const DivertVerdict pass = DIVERT_VERDICT_MARK_LEAVE;

  if (!may_meet_fence (m))
    return;
  divert_maker_add_to (m, chain, DIVERT_VERDICT_JUMP, DIVERT_CHAIN_PASS);
  divert_match_foreign_mark (divert_maker_add_leave (m, chain, N_("somebody else's mark is left alone")));
  divert_judge_add_dns (m, chain);
  divert_exemptions_add_bypass (m, chain, pass);
  divert_exemptions_add_link_local (m, chain, pass);
  divert_exemptions_add_served (m, chain, pass);
  divert_exempt_add_units (m, chain, m->spare);
  divert_exemptions_add_special (m, chain, pass);
  if (m->decision->internet)
    divert_maker_add_to (m, chain, DIVERT_VERDICT_JUMP, DIVERT_CHAIN_FENCED_INTERNET);
  divert_judge_add_marking (m, chain, N_("everything else goes to the proxy"));
  divert_maker_add_leave_if_marked (m, chain);
  divert_maker_set_mark (m, divert_maker_add (m, chain, DIVERT_VERDICT_MARK, NULL), m->spare);
}
