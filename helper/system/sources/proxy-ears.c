/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the socket that hears of the ends of sockets (K2.6), and its filter, which lets only those pass that were on
 * the proxy's ports and had no peer.
 */
#include "proxy-ears.h"

#include <errno.h>
#include <gio/gio.h>
#include <linux/filter.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>
#include <unistd.h>

/* A filter has one comparison for each. */
#define MAX_PORTS 64

static void
emit (GArray  *program,
      guint16  code,
      guint8   jt,
      guint8   jf,
      guint32  k)
{
  const struct sock_filter instruction = { code, jt, jf, k };

  g_array_append_val (program, instruction);
}

/* Ends of sockets without a peer, on these ports.  Loads are in network order. */
static GArray *
make_filter (const GArray *needed)
{
  const guint id = NLMSG_HDRLEN + offsetof (struct inet_diag_msg, id);
  GArray *program = g_array_new (FALSE, FALSE, sizeof (struct sock_filter));

  emit (program, BPF_LD | BPF_H | BPF_ABS, 0, 0, id + offsetof (struct inet_diag_sockid, idiag_dport));
  emit (program, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 0);
  emit (program, BPF_RET | BPF_K, 0, 0, 0);
  emit (program, BPF_LD | BPF_H | BPF_ABS, 0, 0, id + offsetof (struct inet_diag_sockid, idiag_sport));
  for (guint i = 0; i < needed->len && program->len < 3 * MAX_PORTS; i++)
    {
      emit (program, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, g_array_index (needed, DivertListening, i).port);
      emit (program, BPF_RET | BPF_K, 0, 0, G_MAXUINT32);
    }
  emit (program, BPF_RET | BPF_K, 0, 0, 0);
  return program;
}

int
divert_proxy_ears_open (GError **error)
{
  static const int groups[] = { SKNLGRP_INET_TCP_DESTROY, SKNLGRP_INET_UDP_DESTROY, SKNLGRP_INET6_TCP_DESTROY,
                                SKNLGRP_INET6_UDP_DESTROY };
  const struct sockaddr_nl address = { .nl_family = AF_NETLINK };
  g_autoptr(GArray) none = divert_listening_new ();
  g_autoptr(GArray) program = make_filter (none);
  const struct sock_fprog filter = { program->len, (struct sock_filter *) program->data };
  int fd = socket (AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  gboolean good;

  /* Until there are ports, nothing passes. */
  good = fd >= 0 && setsockopt (fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) == 0 &&
         bind (fd, (const struct sockaddr *) &address, sizeof address) == 0;
  for (guint i = 0; good && i < G_N_ELEMENTS (groups); i++)
    good = setsockopt (fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i], sizeof groups[i]) == 0;
  if (good)
    return fd;
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "%s", g_strerror (errno));
  if (fd >= 0)
    close (fd);
  return -1;
}

void
divert_proxy_ears_set_ports (int           ears,
                             const GArray *needed)
{
  g_autoptr(GArray) program = make_filter (needed);
  const struct sock_fprog filter = { program->len, (struct sock_filter *) program->data };

  if (setsockopt (ears, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) != 0)
    g_info ("the kernel refuses the filter for the ends of sockets: %s", g_strerror (errno));
}

/* What a message says does not matter, only that it passed the filter.  If some were lost, one has. */
void
divert_proxy_ears_empty (int ears)
{
  char nothing;

  while (recv (ears, &nothing, sizeof nothing, MSG_DONTWAIT | MSG_TRUNC) >= 0 || errno == EINTR)
    continue;
}
