/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the socket that hears of each nftables transaction.
 *
 * The kernel reports each change and then who made it, in one message per transaction
 * (NFT_MSG_NEWGEN).  We only look at that message.  If messages were lost for lack of room, that
 * counts as a change by somebody unknown.
 */
#include "nft-watch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glib-unix.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netlink/netlink.h>
#include <netlink/msg.h>
#include <netlink/attr.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER_BYTES (64 * 1024)
/* Somebody may write as fast as we read, and others need their turn. */
#define MAX_DATAGRAMS 256

struct DivertNftWatch
{
  struct nl_sock *sock;
  guint           source_id;
  DivertTouched   touched;
  gpointer        user_data;
};

/* The kernel's own number of the process is that of the machine; in a container we would know another one.  The
 * writer's port is, as a rule, the number that he knows himself by. */
static guint32
find_pid (const struct nlmsghdr *header,
          struct nlattr         *attribute)
{
  DivertProgram program;

  if (divert_program_find_by_port (header->nlmsg_pid, &program))
    return program.pid;
  return attribute != NULL && nla_len (attribute) == sizeof (guint32) ? ntohl (nla_get_u32 (attribute)) : 0;
}

gboolean
divert_nft_watch_parse (struct nlmsghdr *header,
                        DivertProgram   *ret_program)
{
  struct nlattr *attributes[NFTA_GEN_MAX + 1];
  DivertProgram program = { 0 };

  if (header->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN) ||
      nlmsg_parse (header, sizeof (struct nfgenmsg), attributes, NFTA_GEN_MAX, NULL) != 0)
    return FALSE;
  program.pid = find_pid (header, attributes[NFTA_GEN_PROC_PID]);
  if (attributes[NFTA_GEN_PROC_NAME] != NULL)
    nla_strlcpy (program.name, attributes[NFTA_GEN_PROC_NAME], sizeof program.name);
  *ret_program = program;
  return TRUE;
}

static void
take_datagram (DivertNftWatch *watch,
               char           *datagram,
               int             length)
{
  DivertProgram program;

  for (struct nlmsghdr *header = (struct nlmsghdr *) datagram; nlmsg_ok (header, length);
       header = nlmsg_next (header, &length))
    if (divert_nft_watch_parse (header, &program) && program.pid != (guint32) getpid ())
      watch->touched (program.pid != 0 ? &program : NULL, watch->user_data);
}

/* FALSE: nothing is left to read. */
static gboolean
read_datagram (DivertNftWatch *watch,
               char           *buffer)
{
  struct sockaddr_nl sender = { 0 };
  struct iovec iov = { buffer, BUFFER_BYTES };
  struct msghdr datagram = { .msg_name = &sender, .msg_namelen = sizeof sender, .msg_iov = &iov, .msg_iovlen = 1 };
  const ssize_t n = recvmsg (nl_socket_get_fd (watch->sock), &datagram, MSG_DONTWAIT);

  if (n < 0 && errno == EINTR)
    return TRUE;
  if (n < 0 && errno != ENOBUFS)
    return FALSE;
  if (n < 0 || (datagram.msg_flags & MSG_TRUNC) != 0)
    watch->touched (NULL, watch->user_data);
  else if (sender.nl_pid == 0)
    take_datagram (watch, buffer, n);
  return TRUE;
}

static gboolean
on_ready (int          fd,
          GIOCondition condition,
          gpointer     user_data)
{
  g_autofree char *buffer = g_malloc (BUFFER_BYTES);
  DivertNftWatch *watch = user_data;

  for (guint i = 0; i < MAX_DATAGRAMS && read_datagram (watch, buffer); i++)
    ;
  return G_SOURCE_CONTINUE;
}

DivertNftWatch *
divert_nft_watch_new (DivertTouched touched,
                      gpointer      user_data)
{
  g_autoptr(DivertNftWatch) watch = g_new0 (DivertNftWatch, 1);

  watch->touched = touched;
  watch->user_data = user_data;
  watch->sock = nl_socket_alloc ();
  if (watch->sock == NULL || nl_connect (watch->sock, NETLINK_NETFILTER) < 0 ||
      nl_socket_add_memberships (watch->sock, NFNLGRP_NFTABLES, 0) < 0)
    return NULL;
  watch->source_id = g_unix_fd_add (nl_socket_get_fd (watch->sock), G_IO_IN, on_ready, watch);
  return g_steal_pointer (&watch);
}

void
divert_nft_watch_free (DivertNftWatch *watch)
{
  if (watch == NULL)
    return;
  g_clear_handle_id (&watch->source_id, g_source_remove);
  if (watch->sock != NULL)
    nl_socket_free (watch->sock);
  g_free (watch);
}
