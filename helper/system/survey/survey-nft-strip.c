/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: a rule without the expressions that nobody here looks at.
 *
 * libnftnl gives up on a whole rule if it does not know one of its expressions, as with a kernel and an nft that are
 * newer.  What such a rule does besides would then go unseen.
 */
#include "survey-private.h"
#include "system/netlink/netlink.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

static gboolean
is_known (struct nlattr *element)
{
  static const char *const known[] = {
    "meta", "ct", "bitwise", "immediate", "cmp", "fib", "lookup", "match", "target", "tproxy", "redir", "notrack",
    "reject", "payload", "counter", "log",
  };
  struct nlattr *name = nla_find (nla_data (element), nla_len (element), NFTA_EXPR_NAME);

  for (guint i = 0; name != NULL && i < G_N_ELEMENTS (known); i++)
    if (nla_strcmp (name, known[i]) == 0)
      return TRUE;
  return FALSE;
}

struct nl_msg *
divert_survey_strip_nft_rule (const struct nlmsghdr *header)
{
  struct nlmsghdr *rule = (struct nlmsghdr *) header;
  const struct nfgenmsg *family = nlmsg_data (rule);
  DivertNetlinkMessage *msg = divert_netlink_message_new (rule->nlmsg_type, 0, family, sizeof *family);
  struct nlattr *handle = nlmsg_find_attr (rule, sizeof *family, NFTA_RULE_HANDLE);
  struct nlattr *expressions = nlmsg_find_attr (rule, sizeof *family, NFTA_RULE_EXPRESSIONS), *list, *element;
  int remaining;

  if (handle != NULL)
    nla_put (msg, NFTA_RULE_HANDLE, nla_len (handle), nla_data (handle));
  if (expressions == NULL)
    return msg;
  list = nla_nest_start (msg, NFTA_RULE_EXPRESSIONS);
  nla_for_each_nested (element, expressions, remaining)
    if (is_known (element))
      nla_put (msg, NFTA_LIST_ELEM | NLA_F_NESTED, nla_len (element), nla_data (element));
  nla_nest_end (msg, list);
  return msg;
}
