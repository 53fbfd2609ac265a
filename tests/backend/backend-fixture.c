/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns: laying a ruleset, and what tries to leave meanwhile.  See backend-fixture.h. */
#include "backend-fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "namespace.h"

#define FAR_MAC "02:00:00:00:66:01"

guint
backend_fixture_lay (DivertBackend *backend,
                     DivertRuleset *ruleset)
{
  DivertApplied applied = { 0, 0, FALSE };
  g_autoptr(GError) error = NULL;

  backend->klass->apply (backend, ruleset, &applied, &error);
  g_assert_no_error (error);
  return applied.writes;
}

void
backend_fixture_plug_in (void)
{
  test_run ("ip link add eth0 type veth peer name far && ip link set far address " FAR_MAC " up && "
            "ip link set eth0 up && ip addr add 10.66.0.5/24 dev eth0 && ip route add default via 10.66.0.1 && "
            "ip neigh add 10.66.0.1 lladdr " FAR_MAC " dev eth0");
}

void
backend_fixture_send (gpointer data)
{
  static const char *const addresses[] = { "192.168.22.2", "203.0.113.80" };
  struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = g_htons (9) };
  const int fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

  test_child_is_ready ();
  for (guint i = 0;; i++)
    {
      g_assert_cmpint (inet_pton (AF_INET, addresses[i % 2], &to.sin_addr), ==, 1);
      sendto (fd, "x", 1, 0, (struct sockaddr *) &to, sizeof to);
    }
}
