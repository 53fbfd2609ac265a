/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel writes to a netlink socket, taken apart: answers with their errors and reasons, and every kind of
 * message that we read.  Nothing is read beyond the datagram, and all results are in range.
 */
#include "fuzz.h"

#include <linux/sock_diag.h>

#include "system/netlink/kernel-parse.h"
#include "system/netlink/netlink-answer.h"
#include "system/netlink/sockets-diag.h"
#include "system/sources/kernel/gateway-neighbour.h"

static void
check_address (const DivertPrefix *address)
{
  g_assert_true (address->family == DIVERT_FAMILY_IPV4 || address->family == DIVERT_FAMILY_IPV6);
  g_assert_cmpuint (address->length, <=, divert_family_bits (address->family));
}

static void
see_hop (const DivertRoute *route,
         gpointer           user_data)
{
  check_address (&route->destination);
  if (route->has_gateway)
    check_address (&route->gateway);
}

static void
see (struct nlmsghdr *header,
     gpointer         user_data)
{
  DivertLinkState link;
  DivertLinkAddress address;
  DivertNeighbour neighbour;
  DivertSocket socket;

  if (divert_kernel_parse_link (header, &link))
    g_assert_true (link.ifindex > 0 && memchr (link.name, '\0', sizeof link.name) != NULL);
  if (divert_kernel_parse_address (header, &address))
    check_address (&address.address);
  if (divert_neighbour_parse (header, &neighbour))
    check_address (&neighbour.address);
  if (divert_socket_parse (header, 6, &socket))
    divert_socket_get_local (&socket);
  divert_kernel_parse_route (header, see_hop, NULL);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data,
                        size_t         size)
{
  /* Exactly this size, and aligned like a socket's buffer. */
  g_autofree char *datagram = g_memdup2 (data, MAX (size, 1));
  DivertNetlinkAnswer answer = { .visit = see };
  g_autoptr(GError) error = NULL;

  if (size > G_MAXINT16)
    return 0;
  if (size >= sizeof (struct nlmsghdr))
    answer.sequence = ((const struct nlmsghdr *) datagram)->nlmsg_seq;
  if (divert_netlink_answer_take (&answer, datagram, size, &error))
    g_assert_no_error (error);
  else
    g_assert_true (answer.done && error->domain == DIVERT_NETLINK_ERROR && error->code > 0);
  return 0;
}
