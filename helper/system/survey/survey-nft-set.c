/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: whether ::1 is in a set that a rule of nftables looks destinations up in.
 *
 * The kernel answers that for one element, so a set is never read, however large it is.
 */
#include "survey-private.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netinet/in.h>

/* A firewall has a handful of them.  Whoever has more is told less. */
#define MAX_QUESTIONS 64

static DivertNetlinkMessage *
make_question (const DivertSurveyChain *chain,
               const char              *set)
{
  const gboolean is_inet = chain->families == DIVERT_FAMILIES_BOTH;
  const struct nfgenmsg header = { .nfgen_family = is_inet ? NFPROTO_INET : NFPROTO_IPV6, .version = NFNETLINK_V0 };
  DivertNetlinkMessage *msg = divert_netlink_message_new (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETSETELEM, 0, &header,
                                                          sizeof header);
  struct nlattr *elements, *element, *key;

  nla_put_string (msg, NFTA_SET_ELEM_LIST_TABLE, chain->table);
  nla_put_string (msg, NFTA_SET_ELEM_LIST_SET, set);
  elements = nla_nest_start (msg, NFTA_SET_ELEM_LIST_ELEMENTS);
  element = nla_nest_start (msg, NFTA_LIST_ELEM);
  key = nla_nest_start (msg, NFTA_SET_ELEM_KEY);
  nla_put (msg, NFTA_DATA_VALUE, sizeof in6addr_loopback, &in6addr_loopback);
  nla_nest_end (msg, key);
  nla_nest_end (msg, element);
  nla_nest_end (msg, elements);
  return msg;
}

/* A set of more than addresses refuses the question, and so does one without ::1. */
void
divert_survey_ask_sets (DivertSurvey  *survey,
                        DivertNetlink *netlink,
                        const GArray  *lookups)
{
  for (guint i = 0; i < MIN (lookups->len, MAX_QUESTIONS); i++)
    {
      const DivertSurveyLookup *lookup = &g_array_index (lookups, DivertSurveyLookup, i);
      DivertSurveyRule *rule = &g_array_index (survey->rules, DivertSurveyRule, lookup->rule);
      g_autoptr(DivertNetlinkMessage) msg = make_question (divert_survey_get_chain (survey, rule->chain), lookup->set);

      if (!divert_netlink_request (netlink, msg, NULL, NULL, NULL))
        continue;
      rule->to_loopback6 = TRUE;
      rule->has_more = lookup->has_more;
    }
}
