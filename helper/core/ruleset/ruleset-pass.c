/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: PASS, which lets some packets get past the fence.  They are packets that the kernel has
 * routed into the fence but that should go direct all the same.  PASS gives them the spare mark; so
 * they are routed again, and the fence lets that mark pass (fence.h).  After that the mark counts
 * as somebody else's, and the packets are left alone.
 *
 * It lets through what INTRANET would leave alone, and makes no decisions of its own.  Only SERVE
 * can say who opened a connection, because it alone sees which socket gets the SYN.
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

  /* What the proxy sends in a server's name goes to a program here and never out on a wire, so require an
   * address of ours. */
  rule = divert_maker_add (m, DIVERT_CHAIN_PASS, DIVERT_VERDICT_CONNMARK, NULL);
  rule->protocols = DIVERT_PROTOCOL_TCP;
  rule->src_types = DIVERT_ADDRTYPE_LOCAL;
  divert_maker_set_mark (m, rule, m->spare);
  divert_maker_match_own (m, rule);
  rule = add_pass (m);
  rule->src_types = DIVERT_ADDRTYPE_LOCAL;
  divert_maker_match_own (m, rule);

  divert_maker_match_remembered (m, add_pass (m), DIVERT_PROTOCOL_TCP, m->spare);

  if (m->config->intranet_other_allow && m->decision->place != DIVERT_PLACE_HELD)
    add_pass (m)->protocols = DIVERT_PROTOCOL_ICMP;
}
