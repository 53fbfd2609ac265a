/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: reading everybody's chains and rules in nftables, in two dumps for all tables of all families.
 *
 * The tables of iptables-nft are among them.
 */
#include "survey-private.h"
#include "system/netlink/netlink.h"

#include <errno.h>
#include <libnftnl/chain.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

typedef struct
{
  DivertSurvey *survey;
  char         *table, *name; /* of the last rule's chain, because consecutive rules share it */
  guint         family;
  int           chain;
  GArray       *lookups;
} Reading;

/* NULL: no packet of ours passes that family's chains. */
static const char *
family_name (guint           family,
             DivertFamilies *ret_families)
{
  switch (family)
    {
    case NFPROTO_INET:
      *ret_families = DIVERT_FAMILIES_BOTH;
      return "inet";
    case NFPROTO_IPV4:
      *ret_families = DIVERT_FAMILIES_IPV4;
      return "ip";
    case NFPROTO_IPV6:
      *ret_families = DIVERT_FAMILIES_IPV6;
      return "ip6";
    default:
      return NULL;
    }
}

static DivertAt
find_hook (guint32 hook)
{
  static const DivertAt hooks[] = {
    [NF_INET_PRE_ROUTING] = DIVERT_AT_PREROUTING, [NF_INET_LOCAL_IN] = DIVERT_AT_INPUT,
    [NF_INET_FORWARD] = DIVERT_AT_FORWARD, [NF_INET_LOCAL_OUT] = DIVERT_AT_OUTPUT,
    [NF_INET_POST_ROUTING] = DIVERT_AT_POSTROUTING,
  };

  return hook < G_N_ELEMENTS (hooks) ? hooks[hook] : DIVERT_AT_NOWHERE;
}

static guint
get_family (const struct nlmsghdr *header)
{
  return ((const struct nfgenmsg *) nlmsg_data (header))->nfgen_family;
}

static void
see_chain (struct nlmsghdr *header,
           gpointer         user_data)
{
  struct nftnl_chain *chain = nftnl_chain_alloc ();
  DivertSurveyChain seen = { .world = DIVERT_WORLD_NFTABLES };

  seen.family = family_name (get_family (header), &seen.families);
  if (seen.family != NULL && nftnl_chain_nlmsg_parse (header, chain) >= 0 &&
      nftnl_chain_is_set (chain, NFTNL_CHAIN_TABLE) && nftnl_chain_is_set (chain, NFTNL_CHAIN_NAME))
    {
      seen.table = nftnl_chain_get_str (chain, NFTNL_CHAIN_TABLE);
      seen.name = nftnl_chain_get_str (chain, NFTNL_CHAIN_NAME);
      seen.ours = g_str_has_prefix (seen.table, DIVERT_SURVEY_OURS);
      if (nftnl_chain_is_set (chain, NFTNL_CHAIN_HOOKNUM))
        {
          seen.at = find_hook (nftnl_chain_get_u32 (chain, NFTNL_CHAIN_HOOKNUM));
          seen.priority = nftnl_chain_get_s32 (chain, NFTNL_CHAIN_PRIO);
          seen.drops = nftnl_chain_get_u32 (chain, NFTNL_CHAIN_POLICY) == NF_DROP;
        }
      divert_survey_add_chain (user_data, &seen);
    }
  nftnl_chain_free (chain);
}

static gboolean
is_last_chain (const Reading *reading,
               guint          family,
               const char    *table,
               const char    *name)
{
  return reading->table != NULL && reading->family == family && g_str_equal (reading->table, table) &&
         g_str_equal (reading->name, name);
}

static void
find_chain (Reading    *reading,
            guint       family,
            const char *table,
            const char *name)
{
  DivertFamilies families;
  const char *known = family_name (family, &families);

  g_free (reading->table);
  g_free (reading->name);
  reading->family = family;
  reading->table = g_strdup (table);
  reading->name = g_strdup (name);
  reading->chain = known != NULL
                     ? divert_survey_find_chain (reading->survey, DIVERT_WORLD_NFTABLES, known, table, name) : -1;
}

static void
see_rule (struct nlmsghdr *header,
          gpointer         user_data)
{
  Reading *reading = user_data;
  struct nlattr *table = nlmsg_find_attr (header, sizeof (struct nfgenmsg), NFTA_RULE_TABLE);
  struct nlattr *chain = nlmsg_find_attr (header, sizeof (struct nfgenmsg), NFTA_RULE_CHAIN);

  if (table == NULL || chain == NULL)
    return;
  if (!is_last_chain (reading, get_family (header), nla_get_string (table), nla_get_string (chain)))
    find_chain (reading, get_family (header), nla_get_string (table), nla_get_string (chain));
  if (reading->chain >= 0 && !divert_survey_get_chain (reading->survey, reading->chain)->ours)
    divert_survey_read_nft_rule (reading->survey, reading->chain, header, reading->lookups);
}

static gboolean
list (DivertNetlink       *netlink,
      guint8               type,
      DivertNetlinkVisit   visit,
      gpointer             user_data,
      GError             **error)
{
  const struct nfgenmsg header = { .nfgen_family = NFPROTO_UNSPEC, .version = NFNETLINK_V0 };
  g_autoptr(DivertNetlinkMessage) msg = divert_netlink_message_new (NFNL_SUBSYS_NFTABLES << 8 | type, 0, &header,
                                                                    sizeof header);

  /* If it was torn, the survey is of two moments, as its parts are anyway. */
  return divert_netlink_dump (netlink, msg, visit, user_data, NULL, error);
}

void
divert_survey_read_nftables (DivertSurvey *survey)
{
  g_autoptr(DivertNetlink) netlink = divert_netlink_new (NETLINK_NETFILTER, NULL);
  g_autoptr(GError) error = NULL;
  g_autoptr(GArray) lookups = g_array_new (FALSE, FALSE, sizeof (DivertSurveyLookup));
  Reading reading = { .survey = survey, .chain = -1, .lookups = lookups };

  if (netlink == NULL || !list (netlink, NFT_MSG_GETCHAIN, see_chain, survey, &error) ||
      !list (netlink, NFT_MSG_GETRULE, see_rule, &reading, &error))
    {
      /* EOPNOTSUPP and EINVAL: this kernel has no nftables. */
      if (!g_error_matches (error, DIVERT_NETLINK_ERROR, EOPNOTSUPP) &&
          !g_error_matches (error, DIVERT_NETLINK_ERROR, EINVAL))
        survey->unread |= 1u << DIVERT_SOURCE_NFTABLES;
    }
  else
    divert_survey_ask_sets (survey, netlink, lookups);
  g_free (reading.table);
  g_free (reading.name);
}
