/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns: the stranger's world, and the proxy in it.  See stranger.h. */
#include "stranger-private.h"

#include "run/apply.h"
#include "run/flows.h"
#include "system/filter/choice.h"
#include "unowned.h"
#include "values.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define TPROXY_PORT 22223

static const char *const addresses[DIVERT_N_FAMILIES][2] = { { "192.168.22.2", "203.0.113.7" },
                                                             { "fd00:22::2", "2001:db8::7" } };
static const char *const laptops[DIVERT_N_FAMILIES] = { "192.168.22.33", "fd00:22::33" };

static int far, proxy, home_namespace, far_namespace;
static char *lock_folder;
static const char *backend_name;

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

void
stranger_set_option (int fd,
                     int level,
                     int option,
                     int value)
{
  g_assert_no_errno (setsockopt (fd, level, option, &value, sizeof value));
}

gconstpointer
stranger_raw_address (const struct sockaddr_storage *address)
{
  return address->ss_family == AF_INET6 ? (gconstpointer) &((const struct sockaddr_in6 *) address)->sin6_addr
                                        : (gconstpointer) &((const struct sockaddr_in *) address)->sin_addr;
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
  stranger_open_spy ();
}

void
stranger_leave (void)
{
  g_unlink (g_getenv ("XTABLES_LOCKFILE"));
  g_rmdir (lock_folder);
  g_clear_pointer (&lock_folder, g_free);
  stranger_close_spy ();
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
end_flows (DivertFlows          *flows,
           const DivertConfig   *config,
           const DivertCrossing *crossing)
{
  gboolean ended = FALSE;

  divert_flows_end (flows, config, crossing, STRANGER_GID);
  divert_flows_await (flows, on_ended, &ended);
  while (!ended)
    g_main_context_iteration (NULL, TRUE);
}

void
stranger_set_backend (const char *name)
{
  backend_name = name;
  test_unowned = TRUE;
}

/* @meanwhile (optional): what happens when the rules are there and the flows have not ended yet. */
static void
lay_rules (const char *keys,
           gboolean    drifted,
           void      (*meanwhile) (gpointer),
           gpointer    user_data)
{
  static const char sites[] = "[site home]\nzone=home\nintranet=192.168.22.0/24;fd00:22::/64\n";
  g_autofree char *text =
      g_strdup_printf ("[proxy]\ngroup=23333\n[divert]\nbackend=%s\n%s\n%s", backend_name, keys, sites);
  g_autoptr(DivertConfig) config = test_config_new (text);
  g_autoptr(DivertFacts) facts = divert_facts_new ();
  g_autoptr(DivertMode) mode = divert_mode_new (DIVERT_MODE_AWAY, NULL);
  g_autoptr(DivertDecision) decision = NULL;
  g_autoptr(DivertRuleset) ruleset = NULL;
  g_autoptr(DivertBackend) backend = NULL;
  g_autoptr(DivertRoutes) routes = NULL;
  g_autoptr(DivertFlows) flows = divert_flows_new (G_MAXINT);
  g_autoptr(GError) error = NULL;
  DivertCrossing crossing;
  DivertApplied applied;

  facts->ephemeral = (DivertPorts){ 32768, 60999 };
  decision = divert_decide (config, mode, facts);
  ruleset = divert_ruleset_new (config, decision, STRANGER_GID, facts);
  backend = divert_choice_new_backend (config->backend);
  routes = divert_routes_new (&error);
  g_assert_no_error (error);

  divert_flows_remember (flows, config, &facts->ephemeral);
  divert_apply (backend, routes, ruleset, &applied, &error);
  g_assert_no_error (error);
  if (meanwhile != NULL)
    meanwhile (user_data);
  crossing = (DivertCrossing) {
    .before = drifted ? decision : NULL,
    .now = decision,
    .former = facts->former,
    .first = !drifted,
    .drifted = drifted ? 1u << DIVERT_PART_NFTABLES : 0,
    .ephemeral = facts->ephemeral,
  };
  end_flows (flows, config, &crossing);
}

void
stranger_lay_rules (const char *keys)
{
  lay_rules (keys, FALSE, NULL, NULL);
}

void
stranger_mend_rules (void    (*meanwhile) (gpointer),
                     gpointer  user_data)
{
  lay_rules ("", TRUE, meanwhile, user_data);
}

static int
listen_transparently (DivertFamily family,
                      int          type)
{
  const struct sockaddr_storage any =
      stranger_address_from_text (family == DIVERT_FAMILY_IPV6 ? "::" : "0.0.0.0", TPROXY_PORT);
  int fd = socket (domain_of (family), type, 0);

  stranger_set_option (fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (family == DIVERT_FAMILY_IPV6)
    stranger_set_option (fd, SOL_IPV6, IPV6_V6ONLY, 1);
  stranger_set_option (fd, family == DIVERT_FAMILY_IPV6 ? SOL_IPV6 : SOL_IP,
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

  stranger_set_option (fd, v6 ? SOL_IPV6 : SOL_IP, v6 ? IPV6_TRANSPARENT : IP_TRANSPARENT, 1);
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

