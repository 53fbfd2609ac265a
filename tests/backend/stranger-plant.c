/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns: the packets that a stranger makes by hand. */
#include "stranger-private.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static guint32
add_words (guint32     sum,
           const void *data,
           gsize       size)
{
  const guint8 *bytes = data;

  for (gsize i = 0; i < size; i++)
    sum += i % 2 == 0 ? bytes[i] << 8 : bytes[i];
  return sum;
}

/* Computes @segment's checksum. It is at @at. */
static void
sum_up (guint8                        *segment,
        gsize                          size,
        gsize                          at,
        guint8                         protocol,
        const struct sockaddr_storage *from,
        const struct sockaddr_storage *to)
{
  const gsize bytes = from->ss_family == AF_INET6 ? 16 : 4;
  guint32 sum = add_words (0, segment, size);

  if (protocol != IPPROTO_ICMP)
    sum = add_words (add_words (sum, stranger_raw_address (from), bytes), stranger_raw_address (to), bytes) + protocol +
          size;
  while (sum >> 16 != 0)
    sum = (sum & 0xffff) + (sum >> 16);
  segment[at] = ~sum >> 8;
  segment[at + 1] = ~sum;
}

static void
send_raw (guint8                        *segment,
          gsize                          size,
          gsize                          checksum,
          guint8                         protocol,
          const struct sockaddr_storage *from,
          const struct sockaddr_storage *to)
{
  struct sockaddr_storage source = *from, destination = *to;
  const socklen_t length = from->ss_family == AF_INET6 ? sizeof (struct sockaddr_in6) : sizeof (struct sockaddr_in);
  int fd = stranger_socket (from->ss_family, SOCK_RAW, protocol);

  /* A raw socket's port is its protocol, or 0. */
  ((struct sockaddr_in *) &source)->sin_port = ((struct sockaddr_in *) &destination)->sin_port = 0;
  sum_up (segment, size, checksum, protocol, from, to);
  g_assert_no_errno (bind (fd, (struct sockaddr *) &source, length));
  g_assert_cmpint (sendto (fd, segment, size, 0, (struct sockaddr *) &destination, length), ==, (gssize) size);
  close (fd);
}

static void
send_tcp (const struct sockaddr_storage *from,
          guint16                        port,
          const struct sockaddr_storage *to,
          guint16                        local_port,
          guint8                         flags,
          gboolean                       md5)
{
  guint8 segment[40] = { port >> 8, port & 255, local_port >> 8, local_port & 255,
                         [6] = 3, [12] = (md5 ? 10 : 5) << 4, [13] = flags, [14] = 0xff, [20] = 19, 18, [38] = 1, 1 };

  send_raw (segment, md5 ? 40 : 20, 16, IPPROTO_TCP, from, to);
}

static void
send_udp (const struct sockaddr_storage *from,
          const struct sockaddr_storage *to)
{
  const socklen_t length = from->ss_family == AF_INET6 ? sizeof (struct sockaddr_in6) : sizeof (struct sockaddr_in);
  int fd = stranger_socket (from->ss_family, SOCK_DGRAM, 0);

  stranger_set_option (fd, SOL_SOCKET, SO_REUSEADDR, 1);
  g_assert_no_errno (bind (fd, (const struct sockaddr *) from, length));
  g_assert_cmpint (sendto (fd, "x", 1, 0, (const struct sockaddr *) to, length), ==, 1);
  close (fd);
}

/* "Your datagram could not be delivered." */
static void
send_error (DivertFamily                   family,
            const struct sockaddr_storage *from,
            guint16                        port,
            const struct sockaddr_storage *to,
            guint16                        local_port)
{
  const gboolean v6 = family == DIVERT_FAMILY_IPV6;
  const gsize header = v6 ? 40 : 20, bytes = v6 ? 16 : 4;
  guint8 error[8 + 40 + 8] = { v6 ? 1 : 3, v6 ? 4 : 3 };
  guint8 *inner = error + 8, *udp = inner + header;

  inner[0] = v6 ? 0x60 : 0x45;
  inner[v6 ? 5 : 3] = v6 ? 8 : 28;
  inner[v6 ? 6 : 9] = IPPROTO_UDP;
  inner[v6 ? 7 : 8] = 64;
  memcpy (inner + (v6 ? 8 : 12), stranger_raw_address (to), bytes);
  memcpy (inner + (v6 ? 24 : 16), stranger_raw_address (from), bytes);
  if (!v6)
    sum_up (inner, 20, 10, IPPROTO_ICMP, from, to);
  udp[0] = local_port >> 8, udp[1] = local_port & 255, udp[2] = port >> 8, udp[3] = port & 255, udp[5] = 8;
  send_raw (error, 8 + header + 8, 2, v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP, from, to);
}

/* Once the laptop has seen this, it has seen everything that the stranger sent before. */
static void
wait_for_laptop (DivertFamily family)
{
  const struct sockaddr_storage here = stranger_laptop (family, STRANGER_MARKER_PORT);
  struct sockaddr_storage there = stranger_address (family, STRANGER_WEB, STRANGER_MARKER_PORT);
  struct pollfd fd = { .fd = socket (here.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), .events = POLLIN };

  g_assert_no_errno (bind (fd.fd, (const struct sockaddr *) &here, stranger_address_size (family)));
  send_udp (&there, &here);
  g_assert_cmpint (poll (&fd, 1, 10000), ==, 1);
  close (fd.fd);
}

void
stranger_plant (StrangerPlant  plant,
                DivertFamily   family,
                StrangerTarget target,
                guint16        port,
                guint16        local_port)
{
  const struct sockaddr_storage from = stranger_address (family, target, port),
                                to = stranger_laptop (family, local_port);

  if (plant == STRANGER_PLANT_UDP)
    send_udp (&from, &to);
  else if (plant == STRANGER_PLANT_ICMP)
    send_error (family, &from, port, &to, local_port);
  else if (plant != STRANGER_PLANT_NOTHING)
    send_tcp (&from, port, &to, local_port, plant == STRANGER_PLANT_TCP_RST ? 0x04 : 0x02,
              plant == STRANGER_PLANT_TCP_MD5);
  wait_for_laptop (family);
}

