/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: forgetting connections, with ctnetlink.
 *
 * Theory of operation.  The table is dumped once, both families together.  A second conversation
 * deletes what matches while the dump goes on, so nothing is collected, however large the table is.
 * Each request has the entry's original tuple as the kernel reported it, and its id, so that a
 * connection that has taken over the same ports meanwhile is left alone.
 *
 * The kernel can delete by mark in a single message, but then it does not look at addresses.  So
 * that is only for entries with one of our marks that must not stay even for a moment.  Everything
 * else is selected by its addresses, because the kernel's filters match only single ones.
 *
 * Connections to this machine itself stay, even if its address is in the intranet.  They carry no
 * decision, and an answer in a forgotten one would look like the beginning of another connection.
 * Connections that do carry one have a connection mark, and are selected by their source.  Those
 * that this machine opened itself, from an address in the intranet, are the proxy's.  Without the
 * mark, the proxy's unsent data would no longer be recognised as its own.
 */
#include "conntrack.h"

#include "core/words/protocol.h"
#include "system/netlink/netlink.h"
#include "system/netlink/own-addresses.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>

/* More than a laptop ever has.  Anything beyond that expires by itself. */
#define FORGET_MAX 65536

typedef struct
{
  DivertNetlink            *netlink; /* for the deletions */
  const DivertOwnAddresses *own;
  const DivertStale        *stale;
  guint                     n_requests;
  guint                     n_forgotten;
  GError                   *error;   /* the first one */
} Search;

/* The parts of the original tuple that matter here. */
typedef struct
{
  DivertPrefix source, destination;
  guint8       protocol;
  guint16      port;
} Target;

static DivertNetlinkMessage *
message_new (int type,
             int family)
{
  const struct nfgenmsg header = { .nfgen_family = family, .version = NFNETLINK_V0 };

  return divert_netlink_message_new (NFNL_SUBSYS_CTNETLINK << 8 | type, 0, &header, sizeof header);
}

static gboolean
parse_tuple (struct nlattr *attribute,
             int            family,
             Target        *ret_target)
{
  struct nlattr *parts[CTA_TUPLE_MAX + 1], *ip[CTA_IP_MAX + 1], *proto[CTA_PROTO_MAX + 1];
  Target target = { 0 };

  if (attribute == NULL || nla_parse_nested (parts, CTA_TUPLE_MAX, attribute, NULL) < 0 ||
      parts[CTA_TUPLE_IP] == NULL || nla_parse_nested (ip, CTA_IP_MAX, parts[CTA_TUPLE_IP], NULL) < 0 ||
      parts[CTA_TUPLE_PROTO] == NULL || nla_parse_nested (proto, CTA_PROTO_MAX, parts[CTA_TUPLE_PROTO], NULL) < 0)
    return FALSE;
  if (!divert_netlink_get_address (ip[family == AF_INET6 ? CTA_IP_V6_SRC : CTA_IP_V4_SRC], family, &target.source) ||
      !divert_netlink_get_address (ip[family == AF_INET6 ? CTA_IP_V6_DST : CTA_IP_V4_DST], family, &target.destination))
    return FALSE;
  if (proto[CTA_PROTO_NUM] != NULL && nla_len (proto[CTA_PROTO_NUM]) >= 1)
    target.protocol = nla_get_u8 (proto[CTA_PROTO_NUM]);
  if (proto[CTA_PROTO_DST_PORT] != NULL && nla_len (proto[CTA_PROTO_DST_PORT]) >= 2)
    target.port = g_ntohs (nla_get_u16 (proto[CTA_PROTO_DST_PORT]));
  *ret_target = target;
  return TRUE;
}

static gboolean
is_diverted (const DivertStale *stale,
             const Target      *target,
             guint32            mark)
{
  return mark != 0 && mark == stale->diverted &&
         (stale->among == NULL || divert_prefixes_contain (stale->among, &target->destination) ||
          (stale->datagrams && target->protocol == IPPROTO_UDP));
}

static gboolean
is_stale (const Search  *search,
          const Target  *target,
          struct nlattr *mark)
{
  const DivertStale *stale = search->stale;
  const guint32 value = mark != NULL && nla_len (mark) >= 4 ? g_ntohl (nla_get_u32 (mark)) & stale->mask : 0;
  gboolean is_dns = target->port == DIVERT_DNS_PORT &&
                    (target->protocol == IPPROTO_UDP || target->protocol == IPPROTO_TCP);

  if (stale->from != NULL && value != 0 && value == stale->mark &&
      divert_prefixes_contain (stale->from, &target->source) &&
      !divert_own_addresses_contain (search->own, &target->source))
    return TRUE;
  return (divert_prefixes_contain (stale->to, &target->destination) ||
          (stale->lans != NULL && divert_prefixes_contain (stale->lans, &target->source)) || (stale->dns && is_dns) ||
          is_diverted (stale, target, value)) &&
         !divert_own_addresses_contain (search->own, &target->destination);
}

static void
forget (Search         *search,
        int             family,
        struct nlattr **attributes)
{
  static const int exactly[] = { CTA_ZONE, CTA_ID };
  g_autoptr(DivertNetlinkMessage) request = message_new (IPCTNL_MSG_CT_DELETE, family);
  g_autoptr(GError) error = NULL;

  /* Never send the request without this; the kernel would delete everything. */
  if (nla_put (request, NLA_F_NESTED | CTA_TUPLE_ORIG, nla_len (attributes[CTA_TUPLE_ORIG]),
               nla_data (attributes[CTA_TUPLE_ORIG])) < 0)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (exactly); i++)
    {
      struct nlattr *attribute = attributes[exactly[i]];

      if (attribute != NULL)
        nla_put (request, exactly[i], nla_len (attribute), nla_data (attribute));
    }

  search->n_requests++;
  if (divert_netlink_request (search->netlink, request, NULL, NULL, &error))
    search->n_forgotten++;
  /* ENOENT: the connection ended by itself meanwhile. */
  else if (!g_error_matches (error, DIVERT_NETLINK_ERROR, ENOENT))
    search->error = g_steal_pointer (&error);
}

static void
see_entry (struct nlmsghdr *header,
           gpointer         user_data)
{
  Search *search = user_data;
  const struct nfgenmsg *info = nlmsg_data (header);
  struct nlattr *attributes[CTA_MAX + 1];
  Target target;

  if (search->error != NULL || search->n_requests >= FORGET_MAX ||
      nlmsg_parse (header, sizeof *info, attributes, CTA_MAX, NULL) < 0 ||
      !parse_tuple (attributes[CTA_TUPLE_ORIG], info->nfgen_family, &target))
    return;
  if (is_stale (search, &target, attributes[CTA_MARK]))
    forget (search, info->nfgen_family, attributes);
}

/* A kernel without connection tracking has nothing to forget. */
static gboolean
means_no_conntrack (const GError *error)
{
  return g_error_matches (error, DIVERT_NETLINK_ERROR, EINVAL) ||
         g_error_matches (error, DIVERT_NETLINK_ERROR, EOPNOTSUPP) ||
         g_error_matches (error, DIVERT_NETLINK_ERROR, EPROTONOSUPPORT);
}

static void
put_mark (DivertNetlinkMessage *msg,
          guint32               mark,
          guint32               mask)
{
  nla_put_u32 (msg, CTA_MARK, g_htonl (mark));
  nla_put_u32 (msg, CTA_MARK_MASK, g_htonl (mask));
}

static gboolean
search_all (Search  *search,
            GError **error)
{
  g_autoptr(DivertNetlinkMessage) msg = message_new (IPCTNL_MSG_CT_GET, AF_UNSPEC);
  g_autoptr(DivertNetlink) netlink = divert_netlink_new (NETLINK_NETFILTER, error);
  const DivertStale *stale = search->stale;

  /* Only entries with the mark matter, so have the kernel leave out the rest.  An old kernel includes them anyway. */
  if (stale->to->len == 0 && (stale->lans == NULL || stale->lans->len == 0) && !stale->dns && stale->diverted == 0 &&
      stale->from != NULL)
    put_mark (msg, stale->mark, stale->mask);

  return netlink != NULL && divert_netlink_dump (netlink, msg, see_entry, search, NULL, error);
}

gboolean
divert_conntrack_forget_marked (guint32   mask,
                                GError  **error)
{
  g_autoptr(GError) local_error = NULL;
  g_autoptr(DivertNetlink) netlink = divert_netlink_new (NETLINK_NETFILTER, &local_error);

  for (guint i = 0; i < 32 && local_error == NULL; i++)
    {
      const guint32 bit = mask & (1u << i);
      g_autoptr(DivertNetlinkMessage) msg = message_new (IPCTNL_MSG_CT_DELETE, AF_UNSPEC);

      /* Never send a mask of 0; the kernel would delete everything. */
      if (bit == 0)
        continue;
      put_mark (msg, bit, bit);
      divert_netlink_request (netlink, msg, NULL, NULL, &local_error);
    }
  if (local_error == NULL || means_no_conntrack (local_error))
    return TRUE;
  g_propagate_prefixed_error (error, g_steal_pointer (&local_error), _("cannot forget connections: "));
  return FALSE;
}

gboolean
divert_conntrack_forget (const DivertStale  *stale,
                         guint              *ret_forgotten,
                         GError            **error)
{
  g_autoptr(GError) local_error = NULL;
  g_autoptr(DivertNetlink) netlink = divert_netlink_new (NETLINK_NETFILTER, &local_error);
  g_autoptr(DivertOwnAddresses) own = netlink != NULL ? divert_own_addresses_read (&local_error) : NULL;
  Search search = { netlink, own, stale, 0, 0, NULL };

  if ((own == NULL || !search_all (&search, &local_error)) && means_no_conntrack (local_error))
    g_clear_error (&local_error);
  if (local_error == NULL)
    local_error = g_steal_pointer (&search.error);
  g_clear_error (&search.error);
  if (local_error != NULL)
    {
      g_propagate_prefixed_error (error, g_steal_pointer (&local_error), _("cannot forget connections: "));
      return FALSE;
    }
  *ret_forgotten = search.n_forgotten;
  return TRUE;
}
