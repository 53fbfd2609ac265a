/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "wire": a capture of what comes in by a device, before any rule or socket of that host has a say.  A line for each IP
 * packet to one of the addresses, whatever its protocol, except for IPv6's neighbour discovery:
 *
 *   TIME ADDRESS tcp|udp|NUMBER PORT SOURCE PORT FLAGS
 *
 * in microseconds since the epoch, with 0 for what the protocol hasn't: ports, and TCP's flags as a number.
 * So that a test can wait until a network is really in use, there is a line for every twentieth TCP or UDP packet to
 * others:
 *
 *   TIME others NUMBER
 *
 * At SIGTERM it says how many packets it has missed: "missed N".
 */
#include "probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#define MAX_ADDRESSES 16
#define OTHERS_EVERY 20

typedef struct
{
  const char *text;
  uint8_t     bytes[16];
  size_t      length; /* 4 or 16 */
} WireAddress;

typedef struct
{
  WireAddress addresses[MAX_ADDRESSES];
  size_t      n_addresses;
  unsigned    others;
} Wire;

/* What of a packet is told. */
typedef struct
{
  const uint8_t *source;
  const uint8_t *destination;
  size_t         length; /* of an address */
  uint8_t        protocol;
  uint16_t       from;
  uint16_t       to;   /* ports; 0: has none */
  uint8_t        type;  /* of ICMPv6 */
  uint8_t        flags; /* of TCP */
} WirePacket;

static volatile sig_atomic_t stopped;

static void
stop (int signal_number)
{
  stopped = 1;
}

static void
parse_addresses (Wire *wire, char **arguments)
{
  for (; *arguments != NULL; arguments++)
    {
      WireAddress *address = &wire->addresses[wire->n_addresses++];

      if (wire->n_addresses > MAX_ADDRESSES)
        probe_die ("more than %d addresses", MAX_ADDRESSES);
      address->text = *arguments;
      address->length = strchr (*arguments, ':') != NULL ? 16 : 4;
      if (inet_pton (address->length == 4 ? AF_INET : AF_INET6, *arguments, address->bytes) != 1)
        probe_die ("bad address: '%s'", *arguments);
    }
}

static int
open_device (const char *device)
{
  struct sockaddr_ll address = {
    .sll_family = AF_PACKET,
    .sll_protocol = htons (ETH_P_ALL),
    .sll_ifindex = (int) if_nametoindex (device),
  };
  int fd = socket (AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  int one = 1;
  int size = 8 << 20;

  setsockopt (fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
  if (setsockopt (fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one) != 0 || address.sll_ifindex == 0
      || bind (fd, (struct sockaddr *) &address, sizeof address) != 0)
    probe_die ("cannot listen to '%s': %s", device, strerror (errno));
  return fd;
}

/* The ports stand first in UDP and TCP alike.  False: no IP packet. */
static bool
parse_packet (const uint8_t *frame, size_t length, WirePacket *ret_packet)
{
  const struct ether_header *ethernet = (const struct ether_header *) frame;
  const uint8_t *ip = frame + sizeof *ethernet;
  size_t header;

  if (length >= sizeof *ethernet + sizeof (struct iphdr) && ethernet->ether_type == htons (ETHERTYPE_IP))
    {
      *ret_packet = (WirePacket){ .source = ip + 12, .destination = ip + 16, .length = 4, .protocol = ip[9] };
      header = (size_t) (ip[0] & 15) * 4;
    }
  else if (length >= sizeof *ethernet + sizeof (struct ip6_hdr) && ethernet->ether_type == htons (ETHERTYPE_IPV6))
    {
      *ret_packet = (WirePacket){ .source = ip + 8, .destination = ip + 24, .length = 16, .protocol = ip[6] };
      header = sizeof (struct ip6_hdr);
    }
  else
    return false;
  if (ret_packet->protocol == IPPROTO_ICMPV6 && length > sizeof *ethernet + header)
    ret_packet->type = ip[header];
  if (ret_packet->protocol == IPPROTO_TCP && length > sizeof *ethernet + header + 13)
    ret_packet->flags = ip[header + 13];
  if ((ret_packet->protocol == IPPROTO_TCP || ret_packet->protocol == IPPROTO_UDP)
      && length >= sizeof *ethernet + header + 4)
    {
      ret_packet->from = (uint16_t) (ip[header] << 8 | ip[header + 1]);
      ret_packet->to = (uint16_t) (ip[header + 2] << 8 | ip[header + 3]);
    }
  return true;
}

static const char *
protocol_name (uint8_t protocol, char *buffer, size_t size)
{
  if (protocol == IPPROTO_TCP)
    return "tcp";
  if (protocol == IPPROTO_UDP)
    return "udp";
  snprintf (buffer, size, "%u", protocol);
  return buffer;
}

static const WireAddress *
find_address (const Wire *wire, const WirePacket *packet)
{
  for (size_t i = 0; i < wire->n_addresses; i++)
    if (wire->addresses[i].length == packet->length
        && memcmp (wire->addresses[i].bytes, packet->destination, packet->length) == 0)
      return &wire->addresses[i];
  return NULL;
}

static bool
is_neighbour_discovery (const WirePacket *packet)
{
  return packet->type >= ND_ROUTER_SOLICIT && packet->type <= ND_REDIRECT;
}

static void
tell (Wire *wire, const WirePacket *packet)
{
  const WireAddress *address = find_address (wire, packet);
  char source[INET6_ADDRSTRLEN];
  char number[8];
  struct timeval now;

  gettimeofday (&now, NULL);
  if (address != NULL && !is_neighbour_discovery (packet))
    printf ("%lld%06ld %s %s %u %s %u %u\n", (long long) now.tv_sec, (long) now.tv_usec, address->text,
            protocol_name (packet->protocol, number, sizeof number), packet->to,
            inet_ntop (packet->length == 4 ? AF_INET : AF_INET6, packet->source, source, sizeof source), packet->from,
            packet->flags);
  else if (packet->to != 0 && ++wire->others % OTHERS_EVERY == 0)
    printf ("%lld%06ld others %u\n", (long long) now.tv_sec, (long) now.tv_usec, wire->others);
}

int
probe_wire (char **arguments, const ProbeOptions *options)
{
  static Wire wire;
  struct sigaction action = { .sa_handler = stop }; /* without SA_RESTART: it ends the waiting */
  struct tpacket_stats stats = { 0 };
  socklen_t stats_size = sizeof stats;
  int fd = open_device (arguments[0]);

  parse_addresses (&wire, arguments + 1);
  sigaction (SIGTERM, &action, NULL);
  puts ("ready");
  while (!stopped)
    {
      uint8_t frame[2048];
      ssize_t got = recv (fd, frame, sizeof frame, 0);
      WirePacket packet;

      if (got > 0 && parse_packet (frame, (size_t) got, &packet))
        tell (&wire, &packet);
    }
  getsockopt (fd, SOL_PACKET, PACKET_STATISTICS, &stats, &stats_size);
  printf ("missed %u\n", stats.tp_drops);
  return 0;
}
