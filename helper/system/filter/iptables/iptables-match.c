/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the structures of the x_tables matches that we use.
 *
 * The revisions here and in iptables-target.c are fixed.  They are the ones that iptables 1.8 uses
 * on every kernel since 4.16, so iptables-save can print our rules.  A missing one would only show
 * at the commit, so the probe asks for each.
 */
#include "iptables-extension.h"

#include <netinet/in.h>
#include <string.h>

#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_cgroup.h>
#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter/xt_connmark.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_owner.h>
#include <linux/netfilter/xt_socket.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

/* Ports are in host order in the tcp and udp matches, but in network order in TPROXY and REDIRECT (K1.6). */
static void
fill_ports (guint16 range[2],
            guint16 first,
            guint16 last)
{
  range[0] = first;
  range[1] = first == 0 ? G_MAXUINT16 : last != 0 ? last : first;
}

static void
parse_dports (const guint16  range[2],
              DivertXtRule  *rule)
{
  rule->dport = range[0];
  rule->dport_last = range[0] != 0 && range[1] != range[0] ? range[1] : 0;
}

static gboolean
wants_tcp (const DivertXtRule *rule)
{
  return rule->protocol == IPPROTO_TCP && (rule->sport != 0 || rule->dport != 0 || rule->has_tcp_flags);
}

static void
fill_tcp (const DivertXtRule *rule,
          void               *data)
{
  struct xt_tcp *tcp = data;

  fill_ports (tcp->spts, rule->sport, 0);
  fill_ports (tcp->dpts, rule->dport, rule->dport_last);
  if (!rule->has_tcp_flags)
    return;
  tcp->flg_mask = rule->tcp_flags_mask;
  tcp->flg_cmp = rule->tcp_flags_value;
  tcp->invflags = rule->tcp_flags_invert ? XT_TCP_INV_FLAGS : 0;
}

static void
parse_tcp (const void   *data,
           DivertXtRule *rule)
{
  const struct xt_tcp *tcp = data;

  rule->sport = tcp->spts[0];
  parse_dports (tcp->dpts, rule);
  rule->has_tcp_flags = tcp->flg_mask != 0;
  rule->tcp_flags_mask = tcp->flg_mask;
  rule->tcp_flags_value = tcp->flg_cmp;
  rule->tcp_flags_invert = (tcp->invflags & XT_TCP_INV_FLAGS) != 0;
}

static gboolean
wants_udp (const DivertXtRule *rule)
{
  return rule->protocol == IPPROTO_UDP && (rule->sport != 0 || rule->dport != 0);
}

static void
fill_udp (const DivertXtRule *rule,
          void               *data)
{
  struct xt_udp *udp = data;

  fill_ports (udp->spts, rule->sport, 0);
  fill_ports (udp->dpts, rule->dport, rule->dport_last);
}

static void
parse_udp (const void   *data,
           DivertXtRule *rule)
{
  const struct xt_udp *udp = data;

  rule->sport = udp->spts[0];
  parse_dports (udp->dpts, rule);
}

static gboolean
wants_icmp6 (const DivertXtRule *rule)
{
  return rule->protocol == IPPROTO_ICMPV6 && rule->icmpv6_type != 0;
}

static void
fill_icmp6 (const DivertXtRule *rule,
            void               *data)
{
  struct ip6t_icmp *icmp = data;

  icmp->type = rule->icmpv6_type;
  icmp->code[1] = G_MAXUINT8; /* any code */
}

static void
parse_icmp6 (const void   *data,
             DivertXtRule *rule)
{
  const struct ip6t_icmp *icmp = data;

  rule->icmpv6_type = icmp->type;
}

static gboolean
wants_mark (const DivertXtRule *rule)
{
  return rule->mark.has;
}

static void
fill_mark (const DivertXtRule *rule,
           void               *data)
{
  struct xt_mark_mtinfo1 *mark = data;

  mark->mark = rule->mark.value;
  mark->mask = rule->mark.mask;
  mark->invert = rule->mark.invert;
}

static void
parse_mark (const void   *data,
            DivertXtRule *rule)
{
  const struct xt_mark_mtinfo1 *mark = data;

  rule->mark = (DivertMarkMatch){ .has = TRUE, .invert = mark->invert, .value = mark->mark, .mask = mark->mask };
}

static gboolean
wants_connmark (const DivertXtRule *rule)
{
  return rule->connmark.has;
}

static void
fill_connmark (const DivertXtRule *rule,
               void               *data)
{
  struct xt_connmark_mtinfo1 *mark = data;

  mark->mark = rule->connmark.value;
  mark->mask = rule->connmark.mask;
  mark->invert = rule->connmark.invert;
}

static void
parse_connmark (const void   *data,
                DivertXtRule *rule)
{
  const struct xt_connmark_mtinfo1 *mark = data;

  rule->connmark = (DivertMarkMatch){ .has = TRUE, .invert = mark->invert, .value = mark->mark, .mask = mark->mask };
}

static gboolean
wants_owner (const DivertXtRule *rule)
{
  return rule->has_gid;
}

static void
fill_owner (const DivertXtRule *rule,
            void               *data)
{
  struct xt_owner_match_info *owner = data;

  owner->match = XT_OWNER_GID;
  owner->gid_min = rule->gid;
  owner->gid_max = rule->gid;
}

static void
parse_owner (const void   *data,
             DivertXtRule *rule)
{
  const struct xt_owner_match_info *owner = data;

  rule->has_gid = (owner->match & XT_OWNER_GID) != 0;
  rule->gid = owner->gid_min;
}

static gboolean
wants_cgroup (const DivertXtRule *rule)
{
  return rule->cgroup_path != NULL;
}

G_STATIC_ASSERT (DIVERT_CGROUP_PATH_MAX == XT_CGROUP_PATH_MAX);

/* The kernel looks the path up when the table is written, and then keeps the group that it found, even if the unit is
 * started anew and another group gets the path (K2.8).  So a rule of the earlier group must look different, and the
 * group's number is put behind the path, where only we look.  Where there is no room for it, it isn't. */
static gboolean
find_number (const char  *path,
             gsize       *ret_offset)
{
  *ret_offset = XT_CGROUP_PATH_MAX - sizeof (guint64);
  return strlen (path) < *ret_offset;
}

static void
fill_cgroup (const DivertXtRule *rule,
             void               *data)
{
  struct xt_cgroup_info_v2 *cgroup = data;
  gsize offset;

  cgroup->has_path = 1;
  g_strlcpy (cgroup->path, rule->cgroup_path, sizeof cgroup->path);
  if (find_number (rule->cgroup_path, &offset))
    memcpy (cgroup->path + offset, &rule->cgroup, sizeof rule->cgroup);
}

static void
parse_cgroup (const void   *data,
              DivertXtRule *rule)
{
  const struct xt_cgroup_info_v2 *cgroup = data;
  g_autofree char *path = g_strndup (cgroup->path, sizeof cgroup->path);
  gsize offset;

  /* Only paths that we have written ourselves are read, so there are few of them. */
  rule->cgroup_path = g_intern_string (path);
  if (find_number (rule->cgroup_path, &offset))
    memcpy (&rule->cgroup, cgroup->path + offset, sizeof rule->cgroup);
}

static gboolean
wants_addrtype (const DivertXtRule *rule)
{
  return rule->dst_types != 0 || rule->src_types != 0;
}

G_STATIC_ASSERT ((int) DIVERT_ADDRTYPE_LOCAL == (int) XT_ADDRTYPE_LOCAL);
G_STATIC_ASSERT ((int) DIVERT_ADDRTYPE_BROADCAST == (int) XT_ADDRTYPE_BROADCAST);
G_STATIC_ASSERT ((int) DIVERT_ADDRTYPE_MULTICAST == (int) XT_ADDRTYPE_MULTICAST);

static void
fill_addrtype (const DivertXtRule *rule,
               void               *data)
{
  struct xt_addrtype_info_v1 *types = data;

  types->source = rule->src_types;
  types->dest = rule->dst_types;
}

static void
parse_addrtype (const void   *data,
                DivertXtRule *rule)
{
  const struct xt_addrtype_info_v1 *types = data;

  rule->src_types = types->source;
  rule->dst_types = types->dest;
}

static gboolean
wants_socket (const DivertXtRule *rule)
{
  return rule->receiver != DIVERT_RECEIVER_ANY;
}

static void
fill_socket (const DivertXtRule *rule,
             void               *data)
{
  struct xt_socket_mtinfo3 *socket = data;

  /* Without this flag, a socket on all addresses does not count. */
  socket->flags = rule->receiver == DIVERT_RECEIVER_SOMEBODY ? XT_SOCKET_NOWILDCARD : 0;
}

static void
parse_socket (const void   *data,
              DivertXtRule *rule)
{
  const struct xt_socket_mtinfo3 *socket = data;

  rule->receiver = (socket->flags & XT_SOCKET_NOWILDCARD) != 0 ? DIVERT_RECEIVER_SOMEBODY : DIVERT_RECEIVER_BOUND;
}

static gboolean
wants_comment (const DivertXtRule *rule)
{
  return rule->tagged;
}

static void
fill_comment (const DivertXtRule *rule,
              void               *data)
{
  struct xt_comment_info *info = data;

  g_strlcpy (info->comment, DIVERT_XT_TAG, sizeof info->comment);
}

static void
parse_comment (const void   *data,
               DivertXtRule *rule)
{
  const struct xt_comment_info *info = data;

  rule->tagged = strncmp (info->comment, DIVERT_XT_TAG, sizeof info->comment) == 0;
}

const DivertIptablesMatch divert_iptables_matches[] = {
  { { "tcp", 0, DIVERT_FAMILIES_BOTH, sizeof (struct xt_tcp), fill_tcp, parse_tcp }, wants_tcp },
  { { "udp", 0, DIVERT_FAMILIES_BOTH, sizeof (struct xt_udp), fill_udp, parse_udp }, wants_udp },
  { { "icmp6", 0, DIVERT_FAMILIES_IPV6, sizeof (struct ip6t_icmp), fill_icmp6, parse_icmp6 }, wants_icmp6 },
  { { "mark", 1, DIVERT_FAMILIES_BOTH, sizeof (struct xt_mark_mtinfo1), fill_mark, parse_mark }, wants_mark },
  { { "connmark", 1, DIVERT_FAMILIES_BOTH, sizeof (struct xt_connmark_mtinfo1), fill_connmark, parse_connmark },
    wants_connmark },
  { { "owner", 1, DIVERT_FAMILIES_BOTH, sizeof (struct xt_owner_match_info), fill_owner, parse_owner }, wants_owner },
  { { DIVERT_IPTABLES_CGROUP, 2, DIVERT_FAMILIES_BOTH, sizeof (struct xt_cgroup_info_v2), fill_cgroup, parse_cgroup },
    wants_cgroup },
  { { "addrtype", 1, DIVERT_FAMILIES_BOTH, sizeof (struct xt_addrtype_info_v1), fill_addrtype, parse_addrtype },
    wants_addrtype },
  { { "socket", 3, DIVERT_FAMILIES_BOTH, sizeof (struct xt_socket_mtinfo3), fill_socket, parse_socket }, wants_socket },
  { { "comment", 0, DIVERT_FAMILIES_BOTH, sizeof (struct xt_comment_info), fill_comment, parse_comment },
    wants_comment },
};
const guint divert_iptables_n_matches = G_N_ELEMENTS (divert_iptables_matches);

const DivertIptablesExtension *
divert_iptables_find_match (const char   *name,
                            guint8        revision,
                            DivertFamily  family)
{
  for (guint i = 0; i < divert_iptables_n_matches; i++)
    {
      const DivertIptablesExtension *match = &divert_iptables_matches[i].extension;

      if (match->revision == revision && (match->families & (1 << family)) != 0 && g_str_equal (match->name, name))
        return match;
    }
  return NULL;
}
