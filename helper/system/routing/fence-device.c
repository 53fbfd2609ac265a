/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the fence's device: its kind, and that it is up, silent and without an address.
 *
 * Theory of operation.  A dummy drops what it should send, and always has a carrier.  The same is
 * true of an ifb that nothing is redirected to.  Kernels without both have TUN.  A TUN device has a
 * carrier only while a process holds it open, so the helper does that.  It swallows packets without
 * a carrier as well, but where ignore_routes_with_linkdown is set, the kernel then skips its
 * routes.  The device can have a setting of its own for that in IPv4; in IPv6 netlink cannot set
 * it.
 */
#include "fence-device.h"

#include "core/ruleset/fence.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

G_STATIC_ASSERT (sizeof DIVERT_FENCE_DEVICE <= IFNAMSIZ);

/* From linux/if.h, which cannot be included together with net/if.h. */
#define IFF_LOWER_UP 0x10000

const char *const divert_fence_device_kinds[] = { "dummy", "ifb", "tun", NULL };

struct DivertFenceDevice
{
  int tun; /* held open for its carrier; -1: it is not a TUN device, or somebody else holds it */
};

typedef struct
{
  guint ifindex; /* 0: there is no device */
  guint flags;
  char  kind[IFNAMSIZ];
} Found;

DivertFenceDevice *
divert_fence_device_new (void)
{
  DivertFenceDevice *device = g_new0 (DivertFenceDevice, 1);

  device->tun = -1;
  return device;
}

static void
let_go (DivertFenceDevice *device)
{
  if (device->tun >= 0)
    close (device->tun);
  device->tun = -1;
}

void
divert_fence_device_free (DivertFenceDevice *device)
{
  if (device == NULL)
    return;
  let_go (device);
  g_free (device);
}

static void
see_link (struct nlmsghdr *header,
          gpointer         user_data)
{
  Found *found = user_data;
  const struct ifinfomsg *link = nlmsg_data (header);
  struct nlattr *attributes[IFLA_MAX + 1], *info[IFLA_INFO_MAX + 1];

  if (header->nlmsg_type != RTM_NEWLINK || nlmsg_parse (header, sizeof *link, attributes, IFLA_MAX, NULL) < 0)
    return;
  found->ifindex = link->ifi_index;
  found->flags = link->ifi_flags;
  if (attributes[IFLA_LINKINFO] != NULL &&
      nla_parse_nested (info, IFLA_INFO_MAX, attributes[IFLA_LINKINFO], NULL) == 0 && info[IFLA_INFO_KIND] != NULL)
    nla_strlcpy (found->kind, info[IFLA_INFO_KIND], sizeof found->kind);
}

static DivertNetlinkMessage *
link_message (int   type,
              int   flags,
              guint ifindex,
              guint change)
{
  const struct ifinfomsg link = { .ifi_family = AF_UNSPEC, .ifi_index = ifindex, .ifi_flags = change,
                                  .ifi_change = change };

  return divert_netlink_message_new (type, flags, &link, sizeof link);
}

static gboolean
look (DivertNetlink  *netlink,
      Found          *ret_found,
      GError        **error)
{
  g_autoptr(DivertNetlinkMessage) msg = link_message (RTM_GETLINK, 0, 0, 0);
  g_autoptr(GError) local_error = NULL;

  *ret_found = (Found) { 0 };
  nla_put_string (msg, IFLA_IFNAME, DIVERT_FENCE_DEVICE);
  if (divert_netlink_request (netlink, msg, see_link, ret_found, &local_error) ||
      g_error_matches (local_error, DIVERT_NETLINK_ERROR, ENODEV))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local_error));
  return FALSE;
}

/* Only these kinds swallow.  Any other kind leads somewhere, so it is somebody else's and cannot serve as a fence. */
static gboolean
is_ours (const Found *found)
{
  return g_strv_contains (divert_fence_device_kinds, found->kind);
}

guint
divert_fence_device_find (DivertNetlink *netlink,
                          gboolean      *ret_whole)
{
  Found found;
  const guint ifindex = look (netlink, &found, NULL) && is_ours (&found) ? found.ifindex : 0;

  if (ret_whole != NULL)
    *ret_whole = ifindex != 0 && (found.flags & IFF_UP) != 0 && (found.flags & IFF_LOWER_UP) != 0;
  return ifindex;
}

static gboolean
create (DivertNetlink  *netlink,
        const char     *kind,
        GError        **error)
{
  g_autoptr(DivertNetlinkMessage) msg = link_message (RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0, 0);
  struct nlattr *info;

  nla_put_string (msg, IFLA_IFNAME, DIVERT_FENCE_DEVICE);
  info = nla_nest_start (msg, IFLA_LINKINFO);
  nla_put_string (msg, IFLA_INFO_KIND, kind);
  nla_nest_end (msg, info);
  return divert_netlink_request (netlink, msg, NULL, NULL, error);
}

/* Creates the TUN device, or opens the existing one.  It stays when this process ends. */
static gboolean
hold_tun (DivertFenceDevice  *device,
          GError            **error)
{
  struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
  int tun = open ("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

  g_strlcpy (request.ifr_name, DIVERT_FENCE_DEVICE, sizeof request.ifr_name);
  if (tun < 0 || ioctl (tun, TUNSETIFF, &request) < 0 || ioctl (tun, TUNSETPERSIST, 1) < 0)
    {
      const int code = errno;

      if (tun >= 0)
        close (tun);
      g_set_error (error, DIVERT_NETLINK_ERROR, code, "/dev/net/tun: %s", g_strerror (code));
      return FALSE;
    }
  let_go (device);
  device->tun = tun;
  return TRUE;
}

/* Skips the kinds that the kernel does not have. */
static gboolean
create_any (DivertFenceDevice  *device,
            DivertNetlink      *netlink,
            GError            **error)
{
  for (const char *const *kind = divert_fence_device_kinds; *kind != NULL; kind++)
    {
      g_autoptr(GError) local_error = NULL;

      if (g_str_equal (*kind, "tun"))
        return hold_tun (device, error);
      if (create (netlink, *kind, &local_error))
        return TRUE;
      if (!g_error_matches (local_error, DIVERT_NETLINK_ERROR, EOPNOTSUPP))
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return FALSE;
        }
    }
  return FALSE;
}

static void
put_ipv4_settings (DivertNetlinkMessage *msg)
{
  struct nlattr *family = nla_nest_start (msg, AF_INET), *settings = nla_nest_start (msg, IFLA_INET_CONF);

  nla_put_u32 (msg, IPV4_DEVCONF_IGNORE_ROUTES_WITH_LINKDOWN, 0);
  nla_nest_end (msg, settings);
  nla_nest_end (msg, family);
}

static void
put_ipv6_settings (DivertNetlinkMessage *msg)
{
  struct nlattr *family = nla_nest_start (msg, AF_INET6);

  nla_put_u8 (msg, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
  nla_nest_end (msg, family);
}

static gboolean
set (DivertNetlink  *netlink,
     guint           ifindex,
     void          (*put_settings) (DivertNetlinkMessage *),
     GError        **error)
{
  g_autoptr(DivertNetlinkMessage) msg = link_message (RTM_NEWLINK, 0, ifindex, 0);
  struct nlattr *families = nla_nest_start (msg, IFLA_AF_SPEC);

  put_settings (msg);
  nla_nest_end (msg, families);
  return divert_netlink_request (netlink, msg, NULL, NULL, error);
}

/* The kernel gives every device a route for multicast, so a program that does not say which device it
 * wants might get ours.  That route appears with IFF_UP. */
static void
drop_multicast_route (DivertNetlink *netlink,
                      guint          ifindex)
{
  const struct rtmsg route = { .rtm_family = AF_INET6, .rtm_dst_len = 8, .rtm_table = RT_TABLE_LOCAL };
  const guint8 multicast[16] = { 0xff };
  g_autoptr(DivertNetlinkMessage) msg = divert_netlink_message_new (RTM_DELROUTE, 0, &route, sizeof route);

  nla_put (msg, RTA_DST, sizeof multicast, multicast);
  nla_put_u32 (msg, RTA_OIF, ifindex);
  /* Ignore errors: without IPv6 there is no such route. */
  divert_netlink_request (netlink, msg, NULL, NULL, NULL);
}

static gboolean
bring_up (DivertNetlink  *netlink,
          guint           ifindex,
          GError        **error)
{
  g_autoptr(DivertNetlinkMessage) msg = link_message (RTM_NEWLINK, 0, ifindex, IFF_UP);

  /* An old kernel, or one without IPv6, lacks such a setting.  The device works without it. */
  set (netlink, ifindex, put_ipv4_settings, NULL);
  set (netlink, ifindex, put_ipv6_settings, NULL);
  /* A TUN device queues packets that nobody reads.  Keep that queue short. */
  nla_put_u32 (msg, IFLA_TXQLEN, 1);
  if (!divert_netlink_request (netlink, msg, NULL, NULL, error))
    return FALSE;
  drop_multicast_route (netlink, ifindex);
  return TRUE;
}

static gboolean
make (DivertFenceDevice  *device,
      DivertNetlink      *netlink,
      Found              *found,
      GError            **error)
{
  if (!look (netlink, found, error))
    return FALSE;
  if (found->ifindex == 0 && (!create_any (device, netlink, error) || !look (netlink, found, error)))
    return FALSE;
  if (!is_ours (found))
    {
      g_set_error (error, DIVERT_NETLINK_ERROR, EEXIST, _("a device of somebody else's has the name: '%s'"),
                   DIVERT_FENCE_DEVICE);
      return FALSE;
    }
  /* An earlier helper created it.  A device that is down shows no carrier either. */
  if (g_str_equal (found->kind, "tun") && device->tun < 0 && (found->flags & IFF_LOWER_UP) == 0 &&
      !hold_tun (device, error))
    return FALSE;
  return (found->flags & IFF_UP) != 0 || bring_up (netlink, found->ifindex, error);
}

guint
divert_fence_device_make (DivertFenceDevice  *device,
                          DivertNetlink      *netlink,
                          GError            **error)
{
  Found found;

  if (make (device, netlink, &found, error))
    return found.ifindex;
  g_prefix_error (error, _("cannot make the device of the fence: "));
  return 0;
}

gboolean
divert_fence_device_remove (DivertFenceDevice  *device,
                            DivertNetlink      *netlink,
                            gboolean           *ret_wrote,
                            GError            **error)
{
  Found found;
  g_autoptr(DivertNetlinkMessage) msg = NULL;

  let_go (device);
  if (!look (netlink, &found, error))
    return FALSE;
  if (found.ifindex == 0 || !is_ours (&found))
    return TRUE;
  msg = link_message (RTM_DELLINK, 0, found.ifindex, 0);
  if (!divert_netlink_request (netlink, msg, NULL, NULL, error))
    return FALSE;
  *ret_wrote = TRUE;
  return TRUE;
}
