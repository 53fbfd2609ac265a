/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: asking the kernel which way it would send a packet.
 *
 * That all of ours is there does not mean that it counts: the order of ip rules is nobody's promise, and a rule that
 * somebody puts before ours takes the packets elsewhere.
 */
#include "fence-check.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

/* So many addresses of a prefix are tried for one that is not our own. */
#define MAX_TRIES 4

typedef struct
{
  gboolean found;
  guint    type;    /* RTN_… */
  guint    length;  /* of the destination that was asked for, or of the route's */
  guint    ifindex;
} Way;

static gboolean
miss (GError     **error,
      const char  *what)
{
  g_set_error (error, DIVERT_NETLINK_ERROR, ENOENT, _("missing from the routing fence: %s"), what);
  return FALSE;
}

static gboolean
has_all (const DivertFenceState  *state,
         const GArray            *wanted,
         const GByteArray        *present,
         GError                 **error)
{
  for (guint i = 0; i < wanted->len; i++)
    {
      const DivertPrefix *prefix = divert_prefixes_index (wanted, i);
      g_autofree char *cidr = divert_prefix_to_cidr (prefix);

      if (prefix->family == state->family && !present->data[i])
        return miss (error, cidr);
    }
  return TRUE;
}

gboolean
divert_fence_check_whole (const DivertFenceState  *state,
                          GError                 **error)
{
  if (state->mute || (state->fence->families & (1 << state->family)) == 0)
    return TRUE;
  if (state->rule == NULL)
    return miss (error, "ip rule");
  return has_all (state, state->fence->panels, state->panels, error) &&
         has_all (state, state->fence->gates, state->gates, error);
}

static void
see_route (struct nlmsghdr *header,
           gpointer         user_data)
{
  Way *way = user_data;
  const struct rtmsg *route = nlmsg_data (header);
  struct nlattr *attributes[RTA_MAX + 1];

  if (header->nlmsg_type != RTM_NEWROUTE || nlmsg_parse (header, sizeof *route, attributes, RTA_MAX, NULL) < 0)
    return;
  *way = (Way) { TRUE, route->rtm_type, route->rtm_dst_len, divert_netlink_get_u32 (attributes[RTA_OIF], 0) };
}

/* No route is an answer, too. */
static Way
ask (DivertNetlink      *netlink,
     const DivertPrefix *address,
     guint32             mark,
     guint               flags)
{
  const struct rtmsg question = {
    .rtm_family = divert_netlink_family (address->family),
    .rtm_dst_len = address->length,
    .rtm_flags = flags,
  };
  g_autoptr(DivertNetlinkMessage) msg = divert_netlink_message_new (RTM_GETROUTE, 0, &question, sizeof question);
  Way way = { 0 };

  nla_put_u32 (msg, RTA_MARK, mark);
  nla_put (msg, RTA_DST, divert_family_bytes (address->family), address->bytes);
  divert_netlink_request (netlink, msg, see_route, &way, NULL);
  return way;
}

/* The address number @i of @prefix, from behind its first: that one is no host's.  FALSE: there is none. */
static gboolean
get_address (const DivertPrefix *prefix,
             guint               i,
             DivertPrefix       *ret_address)
{
  const guint last = divert_family_bytes (prefix->family) - 1;

  *ret_address = divert_prefix_host (prefix);
  if (prefix->length == divert_family_bits (prefix->family))
    return i == 0;
  ret_address->bytes[last] |= i + 1;
  return divert_prefix_contains (prefix, ret_address);
}

static gboolean
leads_right (DivertNetlink      *netlink,
             const DivertPrefix *prefix,
             const GArray       *gates,
             gboolean            is_gate,
             guint               ifindex,
             Way                *ret_way)
{
  DivertPrefix address;

  for (guint i = 0; i < MAX_TRIES && get_address (prefix, i, &address); i++)
    {
      if (!is_gate && divert_prefixes_contain (gates, &address))
        continue;
      *ret_way = ask (netlink, &address, 0, 0);
      /* Own and broadcast addresses are the kernel's first table's. */
      if (ret_way->type == RTN_LOCAL || ret_way->type == RTN_BROADCAST)
        continue;
      return is_gate ? ret_way->ifindex != ifindex : !ret_way->found || ret_way->ifindex == ifindex;
    }
  return TRUE;
}

static gboolean
check_all (DivertNetlink      *netlink,
           const DivertFence  *fence,
           gboolean            are_gates,
           guint               ifindex,
           GError            **error)
{
  const GArray *prefixes = are_gates ? fence->gates : fence->panels;

  for (guint i = 0; i < prefixes->len; i++)
    {
      const DivertPrefix *prefix = divert_prefixes_index (prefixes, i);
      char device[IF_NAMESIZE] = "";
      Way way;
      g_autofree char *cidr = NULL;

      if (leads_right (netlink, prefix, fence->gates, are_gates, ifindex, &way))
        continue;
      cidr = divert_prefix_to_cidr (prefix);
      if_indextoname (way.ifindex, device);
      g_set_error (error, DIVERT_NETLINK_ERROR, EHOSTUNREACH,
                   _("a rule before the routing fence sends %s elsewhere: '%s'"), cidr, device);
      return FALSE;
    }
  return TRUE;
}

gboolean
divert_fence_is_routable (DivertNetlink      *netlink,
                          const DivertFence  *fence,
                          const DivertPrefix *prefix,
                          gboolean           *ret_default)
{
  DivertPrefix address;
  Way way;

  get_address (prefix, 0, &address);
  way = ask (netlink, &address, fence->mark, RTM_F_FIB_MATCH);
  *ret_default = way.found && way.length == 0;
  return way.found;
}

gboolean
divert_fence_check_routes (DivertNetlink      *netlink,
                           const DivertFence  *fence,
                           guint               ifindex,
                           GError            **error)
{
  return check_all (netlink, fence, FALSE, ifindex, error) && check_all (netlink, fence, TRUE, ifindex, error);
}
