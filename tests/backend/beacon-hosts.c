/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns: the hosts that beacons are asked of. */
#include "beacon-hosts.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "absurd-key.h"

/* Verifying a signature of such a key takes many seconds. */
#define ABSURD_BITS 65536
#define MISBEHAVE "--misbehave=" /* runs this program as a server on that port */

void
run_shell (const char *command)
{
  g_assert_cmpint (private_system_run ("sh", "-ec", command, NULL), ==, 0);
}

static void
set_up_hosts (void)
{
  /* Only packets with the mark pass, because nm-divert's rules would divert the rest. */
  run_shell ("exec >/dev/null 2>&1; ip link set lo up;"
             "for host in home evil; do"
             "  ip netns add $host; ip link add $host type veth peer name eth0 netns $host; ip link set $host up;"
             "  ip -n $host link set lo up; ip -n $host link set eth0 up;"
             "  ip -n $host addr add 192.168.22.1/24 dev eth0; ip -n $host addr add fd00:22::1/64 dev eth0 nodad;"
             "  ip addr add 192.168.22.33/24 dev $host; ip addr add fd00:22::33/64 dev $host nodad;"
             "  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=$host"
             "    -keyout /run/$host.key -out /run/$host.crt;"
             "done;"
             "openssl x509 -in /run/home.crt -pubkey -noout | openssl pkey -pubin -outform DER -out /run/home.der;"
             "export XTABLES_LOCKFILE=/run/xtables.lock;"
             "for command in iptables-legacy ip6tables-legacy; do"
             "  $command -A OUTPUT -p tcp -m mark ! --mark 0x100/0x100 -j DROP; done");
}

static void
wait_for_server (const char *host,
                 const char *port)
{
  g_autofree char *command = g_strdup_printf ("i=0; until ip netns exec %s ss -Hlnt 'sport = :%s' | grep -q .; do"
                                              "  test $((i += 1)) -lt 1000; sleep 0.01; done", host, port);

  run_shell (command);
}

GPid
spawn_server (const char *host,
              const char *port,
              const char *option)
{
  g_autofree char *key = g_strdup_printf ("/run/%s.key", host);
  g_autofree char *certificate = g_strdup_printf ("/run/%s.crt", host);
  const char *argv[] = { "ip", "netns", "exec", host, "openssl", "s_server", "-quiet", "-accept", port, "-key", key,
                         "-cert", certificate, option, NULL };
  GPid pid = private_system_spawn (argv);

  wait_for_server (host, port);
  return pid;
}

/* Records that say nothing.  A client may skip them, but must not do so for ever. */
static const struct
{
  const char *bytes;
  gsize       size;
} floods[] = {
#define FLOOD(bytes) { bytes, sizeof (bytes) - 1 }
  FLOOD ("\x16\x03\x03\x00\x00"),                 /* handshake, empty */
  FLOOD ("\x16\x03\x03\x00\x04\x00\x00\x00\x00"), /* a hello request */
  FLOOD ("\x14\x03\x03\x00\x01\x01"),             /* change cipher spec */
  FLOOD ("\x15\x03\x03\x00\x00"),                 /* alert, empty */
  FLOOD ("\x15\x03\x03\x00\x02\x01\x64"),         /* a warning: no renegotiation */
  FLOOD ("\x17\x03\x03\x00\x00"),                 /* application data, empty */
  FLOOD ("\x00"),
#undef FLOOD
};

static void
talk (int     client,
      guint16 port)
{
  static const char garbage[] = "HTTP/1.0 400 Bad Request\r\n\r\n\x16\x03\x03\xff\xff garbage garbage garbage";
  g_autoptr(GString) flood = g_string_new (NULL);

  if (port == PORT_SILENCE)
    return;
  if (port == PORT_ABSURD)
    absurd_key_talk (client, ABSURD_BITS);
  else if (port == PORT_GARBAGE)
    send (client, garbage, sizeof garbage, MSG_NOSIGNAL);
  else
    {
      for (guint i = 0; i < 7000; i++)
        g_string_append_len (flood, floods[port - PORT_FLOOD].bytes, floods[port - PORT_FLOOD].size);
      while (send (client, flood->str, flood->len, MSG_NOSIGNAL) > 0)
        ;
    }
  close (client);
}

static int
misbehave (guint16 port)
{
  struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons (port) };
  int fd = socket (AF_INET6, SOCK_STREAM, 0);

  if (bind (fd, (struct sockaddr *) &address, sizeof address) != 0 || listen (fd, 16) != 0)
    return 1;
  for (;;)
    talk (accept (fd, NULL, NULL), port);
}

static void
spawn_misbehaving (guint16 port)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *option = g_strdup_printf (MISBEHAVE "%u", port);
  const char *number = option + strlen (MISBEHAVE);
  const char *argv[] = { "ip", "netns", "exec", "home", program, option, NULL };

  private_system_spawn (argv);
  wait_for_server ("home", number);
}

gboolean
be_misbehaving_server (int    argc,
                       char **argv,
                       int   *ret_status)
{
  if (argc < 2 || !g_str_has_prefix (argv[1], MISBEHAVE))
    return FALSE;
  *ret_status = misbehave (atoi (argv[1] + strlen (MISBEHAVE)));
  return TRUE;
}

void
start_hosts (void)
{
  set_up_hosts ();
  spawn_server ("home", "443", NULL);
  spawn_server ("home", "444", "-tls1_2");
  spawn_server ("evil", "443", NULL);
  spawn_misbehaving (PORT_GARBAGE);
  spawn_misbehaving (PORT_SILENCE);
  spawn_misbehaving (PORT_ABSURD);
  G_STATIC_ASSERT (G_N_ELEMENTS (floods) == N_FLOODS);
  for (guint i = 0; i < N_FLOODS; i++)
    spawn_misbehaving (PORT_FLOOD + i);
}
