/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns: the stranger's world. See stranger.h. */
#include "stranger.h"

#include "run/apply.h"
#include "run/flows.h"
#include "system/filter/choice.h"
#include "values.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>

#define TPROXY_PORT 22223
#define MARKER_PORT 9
/* Somebody else's mark, which the rules leave alone. */
#define FOREIGN_MARK 0x100

static const char *const addresses[DIVERT_N_FAMILIES][2] = { { "192.168.22.2", "203.0.113.7" },
                                                             { "fd00:22::2", "2001:db8::7" } };
static const char *const laptops[DIVERT_N_FAMILIES] = { "192.168.22.33", "fd00:22::33" };

static int far, proxy, spy, home_namespace, far_namespace;
static char *lock_folder;

struct sockaddr_storage
stranger_address_from_text (const char *text,
                            guint16     port)
{
  struct sockaddr_storage address = { 0 };
  struct sockaddr_in *v4 = (struct sockaddr_in *) &address;
  struct sockaddr_in6 *v6 = (struct sockaddr_in6 *) &address;

  if (inet_pton (AF_INET, text, &v4->sin_addr) == 1)
    {
      v4->sin_family = AF_INET;
      v4->sin_port = htons (port);
      return address;
    }
  g_assert_cmpint (inet_pton (AF_INET6, text, &v6->sin6_addr), ==, 1);
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons (port);
  return address;
}

struct sockaddr_storage
stranger_address (DivertFamily   family,
                  StrangerTarget target,
                  guint16        port)
{
  return stranger_address_from_text (addresses[family][target], port);
}

struct sockaddr_storage
stranger_laptop (DivertFamily family,
                 guint16      port)
{
  return stranger_address_from_text (laptops[family], port);
}

socklen_t
stranger_address_size (DivertFamily family)
{
  return family == DIVERT_FAMILY_IPV6 ? sizeof (struct sockaddr_in6) : sizeof (struct sockaddr_in);
}

static int
domain_of (DivertFamily family)
{
  return family == DIVERT_FAMILY_IPV6 ? AF_INET6 : AF_INET;
}

static void
set_option (int fd,
            int level,
            int option,
            int value)
{
  g_assert_no_errno (setsockopt (fd, level, option, &value, sizeof value));
}

int
stranger_socket (int domain,
                 int type,
                 int protocol)
{
  int fd;

  g_assert_no_errno (setns (far_namespace, CLONE_NEWNET));
  fd = socket (domain, type | SOCK_CLOEXEC, protocol);
  g_assert_no_errno (setns (home_namespace, CLONE_NEWNET));
  g_assert_no_errno (fd);
  return fd;
}

static void
open_spy (void)
{
  struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_protocol = htons (ETH_P_ALL) };

  g_assert_no_errno (setns (far_namespace, CLONE_NEWNET));
  address.sll_ifindex = if_nametoindex ("far0");
  g_assert_no_errno (setns (home_namespace, CLONE_NEWNET));
  spy = stranger_socket (AF_PACKET, SOCK_DGRAM, htons (ETH_P_ALL));
  g_assert_no_errno (bind (spy, (struct sockaddr *) &address, sizeof address));
}

static void
stay_on_one_processor (void)
{
  cpu_set_t one;

  CPU_ZERO (&one);
  CPU_SET (sched_getcpu (), &one);
  g_assert_no_errno (sched_setaffinity (0, sizeof one, &one));
}

void
stranger_enter (void)
{
  g_autofree char *path = NULL, *lock = NULL;

  stay_on_one_processor ();
  lock_folder = g_dir_make_tmp ("nm-divert-test-XXXXXX", NULL);
  g_assert_nonnull (lock_folder);
  lock = g_build_filename (lock_folder, "lock", NULL);
  g_setenv ("XTABLES_LOCKFILE", lock, TRUE);
  test_namespace_enter ();
  far = test_namespace_start_far ();
  path = g_strdup_printf ("/proc/%d/ns/net", far);
  home_namespace = open ("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  far_namespace = open (path, O_RDONLY | O_CLOEXEC);
  g_assert_no_errno (home_namespace);
  g_assert_no_errno (far_namespace);
  test_run ("ip link add wlan0 type veth peer name far0 netns %d; ip link set wlan0 up;"
            "ip addr add 192.168.22.33/24 dev wlan0; ip addr add fd00:22::33/64 dev wlan0 nodad;"
            "ip route add default via 192.168.22.1 onlink dev wlan0; ip -6 route add default via fd00:22::1 dev wlan0",
            far);
  test_run ("nsenter -n -t %d sh -e -c 'ip link set lo up; ip link set far0 up; ip addr add 192.168.22.1/24 dev far0;"
            "ip addr add 192.168.22.2/24 dev far0; ip addr add 203.0.113.7/32 dev far0;"
            "ip addr add fd00:22::1/64 dev far0 nodad; ip addr add fd00:22::2/64 dev far0 nodad;"
            "ip addr add 2001:db8::7/128 dev far0 nodad'", far);
  open_spy ();
}

void
stranger_leave (void)
{
  g_unlink (g_getenv ("XTABLES_LOCKFILE"));
  g_rmdir (lock_folder);
  g_clear_pointer (&lock_folder, g_free);
  close (spy);
  close (home_namespace);
  close (far_namespace);
  test_child_stop (far);
}

static void
on_ended (gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
}

/* Ends the flows that began without rules. */
static void
end_flows (const DivertConfig   *config,
           const DivertDecision *decision,
           const DivertFacts    *facts)
{
  g_autoptr(DivertFlows) flows = divert_flows_new ();
  gboolean ended = FALSE;

  divert_flows_end (flows, config, &(DivertCrossing){ .now = decision, .former = facts->former, .first = TRUE },
                    STRANGER_GID);
  divert_flows_await (flows, on_ended, &ended);
  while (!ended)
    g_main_context_iteration (NULL, TRUE);
}

void
stranger_lay_rules (const char *keys)
{
  static const char sites[] = "[site home]\nzone=home\nintranet=192.168.22.0/24;fd00:22::/64\n";
  g_autofree char *text = g_strconcat ("[proxy]\ngroup=23333\n[divert]\n", keys, "\n", sites, NULL);
  g_autoptr(DivertConfig) config = test_config_new (text);
  g_autoptr(DivertFacts) facts = divert_facts_new ();
  g_autoptr(DivertMode) mode = divert_mode_new (DIVERT_MODE_AWAY, NULL);
  g_autoptr(DivertDecision) decision = NULL;
  g_autoptr(DivertRuleset) ruleset = NULL;
  g_autoptr(DivertBackend) backend = NULL;
  g_autoptr(DivertRoutes) routes = NULL;
  g_autoptr(GError) error = NULL;
  DivertApplied applied;

  facts->ephemeral = (DivertPorts){ 32768, 60999 };
  decision = divert_decide (config, mode, facts);
  ruleset = divert_ruleset_new (config, decision, STRANGER_GID, facts);
  backend = divert_choice_new_backend (config->backend);
  routes = divert_routes_new (&error);
  g_assert_no_error (error);

  divert_flows_remember (config);
  divert_apply (backend, routes, ruleset, &applied, &error);
  g_assert_no_error (error);
  end_flows (config, decision, facts);
}

static int
listen_transparently (DivertFamily family,
                      int          type)
{
  const struct sockaddr_storage any =
      stranger_address_from_text (family == DIVERT_FAMILY_IPV6 ? "::" : "0.0.0.0", TPROXY_PORT);
  int fd = socket (domain_of (family), type, 0);

  set_option (fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (family == DIVERT_FAMILY_IPV6)
    set_option (fd, SOL_IPV6, IPV6_V6ONLY, 1);
  set_option (fd, family == DIVERT_FAMILY_IPV6 ? SOL_IPV6 : SOL_IP,
              family == DIVERT_FAMILY_IPV6 ? IPV6_TRANSPARENT : IP_TRANSPARENT, 1);
  g_assert_no_errno (bind (fd, (const struct sockaddr *) &any, stranger_address_size (family)));
  if (type == SOCK_STREAM)
    g_assert_no_errno (listen (fd, 64));
  return fd;
}

/* TCP: says "proxied" and ends its side. UDP: accepts everything. */
static void
be_proxy (gpointer user_data)
{
  struct pollfd fds[2 * DIVERT_N_FAMILIES];

  if (setgid (STRANGER_GID) != 0)
    _exit (1);
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      fds[family] = (struct pollfd){ .fd = listen_transparently (family, SOCK_STREAM), .events = POLLIN };
      fds[DIVERT_N_FAMILIES + family] =
          (struct pollfd){ .fd = listen_transparently (family, SOCK_DGRAM), .events = POLLIN };
    }
  test_child_is_ready ();
  for (;;)
    {
      poll (fds, G_N_ELEMENTS (fds), -1);
      for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
        {
          char buffer[256];
          int client;

          if ((fds[i].revents & POLLIN) == 0)
            continue;
          if (i >= DIVERT_N_FAMILIES)
            {
              recv (fds[i].fd, buffer, sizeof buffer, 0);
              continue;
            }
          client = accept (fds[i].fd, NULL, NULL);
          if (send (client, "proxied", 7, MSG_NOSIGNAL) == 7)
            shutdown (client, SHUT_WR);
        }
    }
}

void
stranger_begin_proxy (void)
{
  proxy = test_child_start (be_proxy, NULL);
}

void
stranger_end_proxy (void)
{
  test_child_stop (proxy);
}

typedef struct
{
  struct sockaddr_storage from, to;
  socklen_t               size;
} Speech;

static void
speak (gpointer user_data)
{
  const Speech *speech = user_data;
  const gboolean v6 = speech->from.ss_family == AF_INET6;
  int fd = socket (speech->from.ss_family, SOCK_DGRAM, 0);

  set_option (fd, v6 ? SOL_IPV6 : SOL_IP, v6 ? IPV6_TRANSPARENT : IP_TRANSPARENT, 1);
  if (setgid (STRANGER_GID) != 0 || bind (fd, (const struct sockaddr *) &speech->from, speech->size) != 0 ||
      sendto (fd, "push", 4, 0, (const struct sockaddr *) &speech->to, speech->size) != 4)
    _exit (1);
  test_child_is_ready ();
}

void
stranger_proxy_speaks (DivertFamily   family,
                       StrangerTarget target,
                       guint16        port,
                       guint16        local_port)
{
  Speech speech = { stranger_address (family, target, port), stranger_laptop (family, local_port),
                    stranger_address_size (family) };

  test_child_stop (test_child_start (speak, &speech));
}

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

static gconstpointer
raw_address (const struct sockaddr_storage *address)
{
  return address->ss_family == AF_INET6 ? (gconstpointer) &((const struct sockaddr_in6 *) address)->sin6_addr
                                        : (gconstpointer) &((const struct sockaddr_in *) address)->sin_addr;
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
    sum = add_words (add_words (sum, raw_address (from), bytes), raw_address (to), bytes) + protocol + size;
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

  set_option (fd, SOL_SOCKET, SO_REUSEADDR, 1);
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
  memcpy (inner + (v6 ? 8 : 12), raw_address (to), bytes);
  memcpy (inner + (v6 ? 24 : 16), raw_address (from), bytes);
  if (!v6)
    sum_up (inner, 20, 10, IPPROTO_ICMP, from, to);
  udp[0] = local_port >> 8, udp[1] = local_port & 255, udp[2] = port >> 8, udp[3] = port & 255, udp[5] = 8;
  send_raw (error, 8 + header + 8, 2, v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP, from, to);
}

/* Once the laptop has seen this, it has seen everything that the stranger sent before. */
static void
wait_for_laptop (DivertFamily family)
{
  const struct sockaddr_storage here = stranger_laptop (family, MARKER_PORT);
  struct sockaddr_storage there = stranger_address (family, STRANGER_WEB, MARKER_PORT);
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

/* Is @packet, which the spy saw, for @address, and not neighbour discovery? */
static gboolean
is_for (const guint8                  *packet,
        const struct sockaddr_storage *address)
{
  const gboolean v6 = address->ss_family == AF_INET6;
  const guint8 protocol = packet[v6 ? 6 : 9], *segment = packet + (v6 ? 40 : (packet[0] & 15) * 4);

  if (packet[0] >> 4 != (v6 ? 6 : 4) || memcmp (packet + (v6 ? 24 : 16), raw_address (address), v6 ? 16 : 4) != 0)
    return FALSE;
  return protocol != IPPROTO_ICMPV6 || segment[0] < 133 || segment[0] > 137;
}

static void
send_marker (DivertFamily family)
{
  const struct sockaddr_storage to = stranger_address (family, STRANGER_WEB, MARKER_PORT);
  int fd = socket (to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

  set_option (fd, SOL_SOCKET, SO_MARK, FOREIGN_MARK);
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
