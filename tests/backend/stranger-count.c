/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns: what arrived at the stranger. */
#include "stranger-private.h"

#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>

/* Somebody else's mark, which the rules leave alone. */
#define FOREIGN_MARK 0x100

static int spy;

void
stranger_open_spy (void)
{
  struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_protocol = htons (ETH_P_ALL) };
  struct ifreq device = { .ifr_name = "far0" };

  spy = stranger_socket (AF_PACKET, SOCK_DGRAM, htons (ETH_P_ALL));
  g_assert_no_errno (ioctl (spy, SIOCGIFINDEX, &device));
  address.sll_ifindex = device.ifr_ifindex;
  g_assert_no_errno (bind (spy, (struct sockaddr *) &address, sizeof address));
}

void
stranger_close_spy (void)
{
  close (spy);
}

/* Is @packet, which the spy saw, for @address, and not neighbour discovery? */
static gboolean
is_for (const guint8                  *packet,
        const struct sockaddr_storage *address)
{
  const gboolean v6 = address->ss_family == AF_INET6;
  const guint8 protocol = packet[v6 ? 6 : 9], *segment = packet + (v6 ? 40 : (packet[0] & 15) * 4);

  if (packet[0] >> 4 != (v6 ? 6 : 4) ||
      memcmp (packet + (v6 ? 24 : 16), stranger_raw_address (address), v6 ? 16 : 4) != 0)
    return FALSE;
  return protocol != IPPROTO_ICMPV6 || segment[0] < 133 || segment[0] > 137;
}

static void
send_marker (DivertFamily family)
{
  const struct sockaddr_storage to = stranger_address (family, STRANGER_WEB, STRANGER_MARKER_PORT);
  int fd = socket (to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

  stranger_set_option (fd, SOL_SOCKET, SO_MARK, FOREIGN_MARK);
  g_assert_cmpint (sendto (fd, "marker", 6, 0, (const struct sockaddr *) &to, stranger_address_size (family)), ==, 6);
  close (fd);
}

static guint
count (DivertFamily                   family,
       const struct sockaddr_storage *address)
{
  const gsize header = family == DIVERT_FAMILY_IPV6 ? 40 : 20;
  guint n = 0;

  send_marker (family);
  for (;;)
    {
      struct sockaddr_ll from;
      socklen_t length = sizeof from;
      guint8 packet[2048] = { 0 };
      struct pollfd fd = { .fd = spy, .events = POLLIN };

      g_assert_cmpint (poll (&fd, 1, 10000), ==, 1);
      g_assert_no_errno (recvfrom (spy, packet, sizeof packet, 0, (struct sockaddr *) &from, &length));
      if (from.sll_pkttype == PACKET_OUTGOING)
        continue;
      if (memcmp (packet + header + 8, "marker", 6) == 0)
        return n;
      if (is_for (packet, address))
        n++;
    }
}

guint
stranger_count (DivertFamily   family,
                StrangerTarget target)
{
  const struct sockaddr_storage address = stranger_address (family, target, 0);

  return count (family, &address);
}

guint
stranger_count_to (DivertFamily  family,
                   const char   *text)
{
  const struct sockaddr_storage address = stranger_address_from_text (text, 0);

  return count (family, &address);
}
