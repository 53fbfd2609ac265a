/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections that were opened while there were no rules.  Those that a listener here accepted, an administrator's ssh
 * for example, live on.  Those that a program here opened end, whatever it does to look like a listener, and nothing
 * that it sends after that arrives at the stranger.
 */
#include "stranger.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define NAS STRANGER_NAS
#define WEB STRANGER_WEB
#define FAMILIES(family) (guint family = 0; family < DIVERT_N_FAMILIES; family++)
#define MPTCP 262
/* No program gets it without asking for it. */
#define FIXED_PORT 22000
#define EPHEMERAL_PORT 40022

/* A program's own connection, and the listener that it has on the same port. */
typedef struct
{
  const char *name;
  int         option;   /* of SOL_SOCKET, on both sockets; 0: none */
  guint16     port;     /* 0: the kernel chooses it */
  int         protocol; /* of the connection */
  gboolean    first;    /* it listens before it connects */
  gboolean    wildcard; /* on all addresses; otherwise on a loopback address */
} Disguise;

static const Disguise disguises[] = {
  { "a loopback listener", 0, FIXED_PORT, 0, FALSE, FALSE },
  { "a port that is shared with a listener", SO_REUSEPORT, FIXED_PORT, 0, TRUE, TRUE },
  { "a port that a listener takes over", SO_REUSEADDR, FIXED_PORT, 0, FALSE, TRUE },
  { "a listener on an ephemeral port", SO_REUSEADDR, 0, 0, FALSE, TRUE },
  { "a loopback listener on an ephemeral port", 0, 0, 0, FALSE, FALSE },
  { "MPTCP", SO_REUSEADDR, FIXED_PORT, MPTCP, FALSE, TRUE },
};

static int
open_socket (DivertFamily family,
             int          protocol,
             int          option)
{
  int fd = socket (family == DIVERT_FAMILY_IPV6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, protocol);
  const int on = 1;

  if (fd >= 0 && option != 0)
    g_assert_no_errno (setsockopt (fd, SOL_SOCKET, option, &on, sizeof on));
  return fd;
}

static void
bind_to (int         fd,
         const char *address,
         guint16     port)
{
  const struct sockaddr_storage here = stranger_address_from_text (address, port);

  g_assert_no_errno (bind (fd, (const struct sockaddr *) &here,
                           stranger_address_size (here.ss_family == AF_INET6 ? DIVERT_FAMILY_IPV6
                                                                             : DIVERT_FAMILY_IPV4)));
}

static guint16
get_port (int fd)
{
  struct sockaddr_storage here;
  socklen_t size = sizeof here;

  g_assert_no_errno (getsockname (fd, (struct sockaddr *) &here, &size));
  return g_ntohs (((const struct sockaddr_in *) &here)->sin_port);
}

static int
listen_on (DivertFamily    family,
           const Disguise *disguise,
           guint16         port)
{
  const char *all = family == DIVERT_FAMILY_IPV6 ? "::" : "0.0.0.0";
  const char *loopback = family == DIVERT_FAMILY_IPV6 ? "::1" : "127.0.0.1";
  int fd = open_socket (family, 0, disguise->option);

  bind_to (fd, disguise->wildcard ? all : loopback, port);
  g_assert_no_errno (listen (fd, 8));
  return fd;
}

static int
wait_for (int fd)
{
  struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

  return poll (&poll_fd, 1, 10000) == 1;
}

/* The stranger's server. */
static int
serve (DivertFamily   family,
       StrangerTarget target)
{
  const struct sockaddr_storage there = stranger_address (family, target, 80);
  int fd = stranger_socket (there.ss_family, SOCK_STREAM, 0);
  const int on = 1;

  g_assert_no_errno (setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on));
  g_assert_no_errno (bind (fd, (const struct sockaddr *) &there, stranger_address_size (family)));
  g_assert_no_errno (listen (fd, 8));
  return fd;
}

typedef struct
{
  int listener, client, server, theirs;
} Flow;

/* FALSE: the kernel has no such protocol. */
static gboolean
open_disguised (DivertFamily    family,
                StrangerTarget  target,
                const Disguise *disguise,
                Flow           *flow)
{
  const struct sockaddr_storage there = stranger_address (family, target, 80);

  flow->client = open_socket (family, disguise->protocol, disguise->option);
  if (flow->client < 0)
    return FALSE;
  flow->server = serve (family, target);
  flow->listener = disguise->first ? listen_on (family, disguise, disguise->port) : -1;
  if (disguise->port != 0)
    bind_to (flow->client, family == DIVERT_FAMILY_IPV6 ? "::" : "0.0.0.0", disguise->port);
  g_assert_no_errno (connect (flow->client, (const struct sockaddr *) &there, stranger_address_size (family)));
  flow->theirs = accept (flow->server, NULL, NULL);
  if (!disguise->first)
    flow->listener = listen_on (family, disguise, get_port (flow->client));
  return TRUE;
}

static void
close_flow (Flow *flow)
{
  close (flow->listener);
  close (flow->client);
  close (flow->server);
  close (flow->theirs);
}

static void
assert_ended (DivertFamily   family,
              StrangerTarget target,
              const Flow    *flow)
{
  char buffer[8];

  g_assert_cmpint (recv (flow->client, buffer, sizeof buffer, MSG_DONTWAIT), <, 0);
  g_assert_cmpint (errno, ==, ECONNABORTED);
  g_assert_cmpint (send (flow->client, "secret", 6, MSG_NOSIGNAL), <, 0);
  g_assert_cmpuint (stranger_count (family, target), ==, 0);
}

static void
track (gboolean tracked)
{
  if (tracked)
    test_run ("for i in iptables-legacy ip6tables-legacy; do $i -A INPUT -m conntrack --ctstate INVALID; done");
}

/* They end when the first rules come. */
static void
test_disguised (gconstpointer user_data)
{
  const StrangerTarget target = GPOINTER_TO_UINT (user_data);

  for (guint i = 0; i < 2 * G_N_ELEMENTS (disguises); i++)
    for FAMILIES (family)
      {
        const Disguise *disguise = &disguises[i / 2];
        Flow flow;

        stranger_enter ();
        track (i % 2 == 1);
        g_test_message ("%s: %s", divert_family_name (family), disguise->name);
        if (open_disguised (family, target, disguise, &flow))
          {
            stranger_count (family, target);
            stranger_lay_rules ("");
            assert_ended (family, target, &flow);
            close_flow (&flow);
          }
        stranger_leave ();
      }
}

static void
speak (gpointer user_data)
{
  const Flow *flow = user_data;
  char buffer[8];

  g_assert_cmpint (send (flow->theirs, "hello", 5, 0), ==, 5);
  g_assert_true (wait_for (flow->client));
  g_assert_cmpint (recv (flow->client, buffer, sizeof buffer, MSG_PEEK), ==, 5);
}

/* They end when rules are back that somebody has removed, even if the other side speaks in the moment before that.  Its
 * packet has a mark then, because the rules take it for one to a server. */
static void
test_mended (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (disguises); i++)
    for FAMILIES (family)
      {
        char buffer[8];
        Flow flow;

        stranger_enter ();
        track (TRUE);
        g_test_message ("%s: %s", divert_family_name (family), disguises[i].name);
        if (open_disguised (family, WEB, &disguises[i], &flow))
          {
            stranger_mend_rules (speak, &flow);
            while (recv (flow.client, buffer, sizeof buffer, MSG_DONTWAIT) > 0)
              ;
            /* On an ephemeral port, our answer to that packet is diverted, and so is what comes after it. */
            if (disguises[i].port != 0)
              g_assert_cmpint (errno, ==, ECONNABORTED);
            stranger_count (family, WEB);
            send (flow.client, "secret", 6, MSG_NOSIGNAL);
            g_assert_cmpuint (stranger_count (family, WEB), ==, 0);
            close_flow (&flow);
          }
        stranger_leave ();
      }
}

typedef struct
{
  const char *name;
  const char *addresses[DIVERT_N_FAMILIES]; /* of the listener; NULL: its own address on the cable */
  guint16     port;
  gboolean    gone;  /* before the rules come */
  gboolean    lives;
} Listener;

static const Listener listeners[] = {
  { "a listener on all addresses", { "0.0.0.0", "::" }, 22, FALSE, TRUE },
  { "a listener for both families", { "::", "::" }, 22, FALSE, TRUE },
  { "a listener on one address", { NULL, NULL }, 22, FALSE, TRUE },
  { "a listener on an ephemeral port", { "0.0.0.0", "::" }, EPHEMERAL_PORT, FALSE, FALSE },
  { "a listener that has gone", { "0.0.0.0", "::" }, 22, TRUE, FALSE },
};

static void
bind_listener (int             fd,
               const Listener *listener,
               DivertFamily    family)
{
  const struct sockaddr_storage here = stranger_laptop (family, listener->port);

  if (listener->addresses[family] != NULL)
    bind_to (fd, listener->addresses[family], listener->port);
  else
    g_assert_no_errno (bind (fd, (const struct sockaddr *) &here, stranger_address_size (family)));
}

/* The stranger, from @target's address, opens a connection. */
static void
open_incoming (DivertFamily    family,
               StrangerTarget  target,
               const Listener *listener,
               Flow           *flow)
{
  const struct sockaddr_storage from = stranger_address (family, target, 0),
                                here = stranger_laptop (family, listener->port);
  const gboolean both = listener->addresses[family] != NULL && strchr (listener->addresses[family], ':') != NULL;

  flow->server = -1;
  flow->listener = open_socket (both ? DIVERT_FAMILY_IPV6 : family, 0, SO_REUSEADDR);
  bind_listener (flow->listener, listener, family);
  g_assert_no_errno (listen (flow->listener, 8));
  flow->theirs = stranger_socket (from.ss_family, SOCK_STREAM, 0);
  g_assert_no_errno (bind (flow->theirs, (const struct sockaddr *) &from, stranger_address_size (family)));
  g_assert_no_errno (connect (flow->theirs, (const struct sockaddr *) &here, stranger_address_size (family)));
  g_assert_true (wait_for (flow->listener));
  flow->client = accept (flow->listener, NULL, NULL);
}

static void
assert_alive (const Flow *flow)
{
  char buffer[8];

  /* The laptop speaks first, so it isn't the stranger's packet that keeps it alive. */
  g_assert_cmpint (send (flow->client, "hello", 5, MSG_NOSIGNAL), ==, 5);
  g_assert_true (wait_for (flow->theirs));
  g_assert_cmpint (recv (flow->theirs, buffer, sizeof buffer, 0), ==, 5);
  g_assert_cmpint (send (flow->theirs, "exit", 4, 0), ==, 4);
  g_assert_true (wait_for (flow->client));
  g_assert_cmpint (recv (flow->client, buffer, sizeof buffer, 0), ==, 4);
}

static void
test_accepted (void)
{
  for (guint i = 0; i < 2 * G_N_ELEMENTS (listeners); i++)
    for FAMILIES (family)
      {
        const Listener *listener = &listeners[i / 2];
        Flow flow;

        stranger_enter ();
        track (i % 2 == 1);
        g_test_message ("%s: %s", divert_family_name (family), listener->name);
        open_incoming (family, WEB, listener, &flow);
        if (listener->gone)
          shutdown (flow.listener, SHUT_RD);
        stranger_count (family, WEB);
        stranger_lay_rules ("");
        if (listener->lives)
          assert_alive (&flow);
        else
          assert_ended (family, WEB, &flow);
        close_flow (&flow);
        stranger_leave ();
      }
}

/* So does the session of a listener that shares its port with a program's own connection, which ends. */
static void
test_both (void)
{
  for FAMILIES (family)
    {
      const struct sockaddr_storage there = stranger_address (family, WEB, 80);
      const Listener listener = { "", { "0.0.0.0", "::" }, 22, FALSE, TRUE };
      Flow session, own;

      stranger_enter ();
      track (TRUE);
      own.client = open_socket (family, 0, SO_REUSEADDR);
      own.server = serve (family, WEB);
      bind_to (own.client, listener.addresses[family], listener.port);
      g_assert_no_errno (connect (own.client, (const struct sockaddr *) &there, stranger_address_size (family)));
      own.theirs = accept (own.server, NULL, NULL);
      own.listener = -1;
      open_incoming (family, WEB, &listener, &session);
      stranger_count (family, WEB);
      stranger_mend_rules (NULL, NULL);
      assert_ended (family, WEB, &own);
      assert_alive (&session);
      close_flow (&own);
      close_flow (&session);
      stranger_leave ();
    }
}

/* A host with an intranet's address may have opened it.  What it is sent is for an intranet all the same. */
static void
test_accepted_from_intranet (void)
{
  for FAMILIES (family)
    {
      Flow flow;

      stranger_enter ();
      stranger_begin_proxy ();
      open_incoming (family, NAS, &listeners[0], &flow);
      stranger_mend_rules (NULL, NULL);
      stranger_count (family, NAS);
      send (flow.client, "secret", 6, MSG_NOSIGNAL);
      g_assert_cmpuint (stranger_count (family, NAS), ==, 0);
      close_flow (&flow);
      stranger_end_proxy ();
      stranger_leave ();
    }
}

int
main (int    argc,
      char **argv)
{
  test_needs_namespaces ();
  test_needs ("ip", "nsenter", "conntrack", "nft", "iptables-legacy", "ip6tables-legacy", NULL);
  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, ==, 2);
  stranger_set_backend (argv[1]);
  g_test_add_data_func ("/unjudged/disguised/web", GUINT_TO_POINTER (WEB), test_disguised);
  g_test_add_data_func ("/unjudged/disguised/nas", GUINT_TO_POINTER (NAS), test_disguised);
  g_test_add_func ("/unjudged/mended", test_mended);
  g_test_add_func ("/unjudged/accepted", test_accepted);
  g_test_add_func ("/unjudged/both", test_both);
  g_test_add_func ("/unjudged/accepted-from-intranet", test_accepted_from_intranet);
  return g_test_run ();
}
