/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: PASS, where packets that the kernel has sent towards the fence, and that are to go straight all the same, get
 * past it: for the spare mark they are routed anew, and what bears it passes (fence.h).  Behind it, it is a mark like
 * somebody else's, and they are left alone.
 *
 * It lets pass what INTRANET would leave alone, and decides nothing by itself: who opened a connection is SERVE's to
 * say, which alone sees who gets a SYN.
 */
#include "ruleset-private.h"

static DivertRule *
add_pass (const DivertMaker *m)
{
  DivertRule *rule = divert_maker_add (m, DIVERT_CHAIN_PASS, DIVERT_VERDICT_MARK, NULL);

  divert_maker_set_mark (m, rule, m->spare);
  return rule;
}

void
divert_ruleset_make_pass (const DivertMaker *m)
{
  DivertRule *rule;

  if (m->spare == 0)
    return;
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    divert_maker_match_dhcp (add_pass (m), family);

  /* What the proxy sends in a server's name is for a program here, and never for a wire. */
  rule = divert_maker_add (m, DIVERT_CHAIN_PASS, DIVERT_VERDICT_CONNMARK, NULL);
  rule->protocols = DIVERT_PROTOCOL_TCP;
  rule->src_types = DIVERT_ADDRTYPE_LOCAL;
  divert_maker_match_own_group (m, rule);
  divert_maker_set_mark (m, rule, m->spare);
  rule = add_pass (m);
  rule->src_types = DIVERT_ADDRTYPE_LOCAL;
  divert_maker_match_own_group (m, rule);

  divert_maker_match_remembered (m, add_pass (m), DIVERT_PROTOCOL_TCP, m->spare);

  if (m->config->intranet_other_allow && m->decision->place != DIVERT_PLACE_HELD)
    add_pass (m)->protocols = DIVERT_PROTOCOL_ICMP;
}
