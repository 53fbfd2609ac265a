/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the structures of the x_tables targets that we use.
 */
#include "iptables-extension.h"

#include <netinet/in.h>

#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/xt_CONNMARK.h>
#include <linux/netfilter/xt_MARK.h>
#include <linux/netfilter/xt_TPROXY.h>
#include <linux/netfilter_ipv4/ipt_REJECT.h>
#include <linux/netfilter_ipv6/ip6t_REJECT.h>
#include <string.h>

static void
fill_set_mark (const DivertXtRule *rule,
               void               *data)
{
  struct xt_mark_tginfo2 *mark = data;

  mark->mark = rule->value;
  mark->mask = rule->mask;
}

static void
parse_set_mark (const void   *data,
                DivertXtRule *rule)
{
  const struct xt_mark_tginfo2 *mark = data;

  rule->value = mark->mark;
  rule->mask = mark->mask;
}

static void
fill_set_connmark (const DivertXtRule *rule,
                   void               *data)
{
  struct xt_connmark_tginfo2 *mark = data;

  mark->mode = XT_CONNMARK_SET;
  mark->ctmark = rule->value;
  mark->ctmask = rule->mask;
  mark->nfmask = G_MAXUINT32; /* SET does not use it; this is what iptables writes */
}

static void
parse_set_connmark (const void   *data,
                    DivertXtRule *rule)
{
  const struct xt_connmark_tginfo2 *mark = data;

  rule->value = mark->ctmark;
  rule->mask = mark->ctmask;
}

/* The port is in network order here and in REDIRECT, but in host order in the tcp and udp matches (K1.6).
 * Address 0: the primary address of the interface that the packet came in by, which is lo.  Mask 0: the
 * mark stays. */
static void
fill_tproxy (const DivertXtRule *rule,
             DivertFamily        family,
             void               *data)
{
  const DivertPrefix loopback = divert_prefix_loopback (family);
  struct xt_tproxy_target_info_v1 *tproxy = data;

  tproxy->lport = htons (rule->port);
  if (rule->on_loopback)
    memcpy (&tproxy->laddr, loopback.bytes, divert_family_bytes (family));
}

static void
fill_tproxy_ipv4 (const DivertXtRule *rule,
                  void               *data)
{
  fill_tproxy (rule, DIVERT_FAMILY_IPV4, data);
}

static void
fill_tproxy_ipv6 (const DivertXtRule *rule,
                  void               *data)
{
  fill_tproxy (rule, DIVERT_FAMILY_IPV6, data);
}

static void
parse_tproxy (const void   *data,
              DivertXtRule *rule)
{
  const struct xt_tproxy_target_info_v1 *tproxy = data;
  static const union nf_inet_addr any = { { 0 } };

  rule->port = ntohs (tproxy->lport);
  rule->on_loopback = memcmp (&tproxy->laddr, &any, sizeof any) != 0;
}

static void
fill_redirect_ipv4 (const DivertXtRule *rule,
                    void               *data)
{
  struct nf_nat_ipv4_multi_range_compat *ranges = data;

  ranges->rangesize = 1;
  ranges->range[0].flags = NF_NAT_RANGE_PROTO_SPECIFIED;
  ranges->range[0].min.all = htons (rule->port);
  ranges->range[0].max.all = htons (rule->port);
}

static void
parse_redirect_ipv4 (const void   *data,
                     DivertXtRule *rule)
{
  const struct nf_nat_ipv4_multi_range_compat *ranges = data;

  rule->port = ntohs (ranges->range[0].min.all);
}

static void
fill_redirect_ipv6 (const DivertXtRule *rule,
                    void               *data)
{
  struct nf_nat_range *range = data;

  range->flags = NF_NAT_RANGE_PROTO_SPECIFIED;
  range->min_proto.all = htons (rule->port);
  range->max_proto.all = htons (rule->port);
}

static void
parse_redirect_ipv6 (const void   *data,
                     DivertXtRule *rule)
{
  const struct nf_nat_range *range = data;

  rule->port = ntohs (range->min_proto.all);
}

static void
fill_reject_ipv4 (const DivertXtRule *rule,
                  void               *data)
{
  struct ipt_reject_info *reject = data;

  reject->with = rule->protocol == IPPROTO_TCP ? IPT_TCP_RESET : IPT_ICMP_PORT_UNREACHABLE;
}

static void
fill_reject_ipv6 (const DivertXtRule *rule,
                  void               *data)
{
  struct ip6t_reject_info *reject = data;

  reject->with = rule->protocol == IPPROTO_TCP ? IP6T_TCP_RESET : IP6T_ICMP6_PORT_UNREACH;
}

/* The protocol says it all. */
static void
parse_reject (const void   *data,
              DivertXtRule *rule)
{
}

const DivertIptablesTarget divert_iptables_targets[] = {
  { { "MARK", 2, DIVERT_FAMILIES_BOTH, sizeof (struct xt_mark_tginfo2), fill_set_mark, parse_set_mark },
    DIVERT_XT_MARK },
  { { "CONNMARK", 2, DIVERT_FAMILIES_BOTH, sizeof (struct xt_connmark_tginfo2), fill_set_connmark, parse_set_connmark },
    DIVERT_XT_CONNMARK },
  { { "TPROXY", 1, DIVERT_FAMILIES_IPV4, sizeof (struct xt_tproxy_target_info_v1), fill_tproxy_ipv4, parse_tproxy },
    DIVERT_XT_TPROXY },
  { { "TPROXY", 1, DIVERT_FAMILIES_IPV6, sizeof (struct xt_tproxy_target_info_v1), fill_tproxy_ipv6, parse_tproxy },
    DIVERT_XT_TPROXY },
  { { "REDIRECT", 0, DIVERT_FAMILIES_IPV4, sizeof (struct nf_nat_ipv4_multi_range_compat), fill_redirect_ipv4,
      parse_redirect_ipv4 },
    DIVERT_XT_REDIRECT },
  { { "REDIRECT", 0, DIVERT_FAMILIES_IPV6, sizeof (struct nf_nat_range), fill_redirect_ipv6, parse_redirect_ipv6 },
    DIVERT_XT_REDIRECT },
  { { "REJECT", 0, DIVERT_FAMILIES_IPV4, sizeof (struct ipt_reject_info), fill_reject_ipv4, parse_reject },
    DIVERT_XT_REJECT },
  { { "REJECT", 0, DIVERT_FAMILIES_IPV6, sizeof (struct ip6t_reject_info), fill_reject_ipv6, parse_reject },
    DIVERT_XT_REJECT },
};
const guint divert_iptables_n_targets = G_N_ELEMENTS (divert_iptables_targets);

const DivertIptablesExtension *
divert_iptables_find_target (DivertXtTarget target,
                             DivertFamily   family)
{
  for (guint i = 0; i < divert_iptables_n_targets; i++)
    if (divert_iptables_targets[i].target == target &&
        (divert_iptables_targets[i].extension.families & (1 << family)) != 0)
      return &divert_iptables_targets[i].extension;
  return NULL;
}
