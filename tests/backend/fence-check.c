/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: whether a fence is in place, and whether the kernel obeys it.
 *
 * A complete fence need not be effective.  Nobody guarantees the order of ip rules, and a rule that somebody puts
 * before the fence's sends the packets elsewhere.
 */
#include "fence-check.h"

#include "system/routing/fence-device.h"
#include "system/routing/fence-state.h"
#include "system/routing/fence-way.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

/* How many addresses of a prefix are tried to find one that is not our own. */
#define MAX_TRIES 4

static gboolean
miss (GError     **error,
      const char  *what)
{
  g_set_error (error, DIVERT_NETLINK_ERROR, ENOENT, "missing from the routing fence: %s", what);
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

static gboolean
is_whole (const DivertFenceState  *state,
          GError                 **error)
{
  if (state->mute || (state->fence->families & (1 << state->family)) == 0)
    return TRUE;
  if (state->rule == NULL)
    return miss (error, "ip rule");
  return has_all (state, state->fence->panels, state->panels, error) &&
         has_all (state, state->fence->gates, state->gates, error);
}

/* Address number @i of @prefix, counted after the first one, which is no host's.  FALSE: there is none. */
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
             DivertFenceWay     *ret_way)
{
  DivertPrefix address;

  for (guint i = 0; i < MAX_TRIES && get_address (prefix, i, &address); i++)
    {
      if (!is_gate && divert_prefixes_contain (gates, &address))
        continue;
      *ret_way = divert_fence_ask_way (netlink, &address, 0, 0);
      /* Own and broadcast addresses are in the kernel's first table. */
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
      DivertFenceWay way;
      g_autofree char *cidr = NULL;

      if (leads_right (netlink, prefix, fence->gates, are_gates, ifindex, &way))
        continue;
      cidr = divert_prefix_to_cidr (prefix);
      if_indextoname (way.ifindex, device);
      g_set_error (error, DIVERT_NETLINK_ERROR, EHOSTUNREACH,
                   "a rule before the routing fence sends %s elsewhere: '%s'", cidr, device);
      return FALSE;
    }
  return TRUE;
}

gboolean
check_fence (const DivertFence  *fence,
             GError            **error)
{
  g_autoptr(DivertNetlink) netlink = divert_netlink_new (NETLINK_ROUTE, error);
  guint ifindex;

  if (netlink == NULL)
    return FALSE;
  ifindex = divert_fence_device_find (netlink, NULL);
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      g_autoptr(DivertFenceState) state = divert_fence_state_read (netlink, fence, family, ifindex, error);

      if (state == NULL || !is_whole (state, error))
        return FALSE;
    }
  return check_all (netlink, fence, FALSE, ifindex, error) && check_all (netlink, fence, TRUE, ifindex, error);
}
