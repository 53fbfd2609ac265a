/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: a netlink socket, and its sequence of requests and answers.
 *
 * Only one request is under way at a time.  The kernel answers a request before send() returns, and
 * produces a dump as it is read, so reading does not wait.  The timeout turns a lost answer into an
 * error instead of a hang.
 */
#include "netlink-answer.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <net/if.h>
#include <netlink/netlink.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>

/* The kernel returns at most 32 KiB of a dump at once.  The buffer lives as long as a conversation.  Several sockets
 * stay open, and between conversations each would keep a few pages of its own. */
#define BUFFER_BYTES (32 * 1024)
#define TIMEOUT_S 2

G_DEFINE_QUARK (divert-netlink-error-quark, divert_netlink_error)

struct DivertNetlink
{
  struct nl_sock *sock;
};

static void
set_options (int fd)
{
  const struct timeval timeout = { .tv_sec = TIMEOUT_S };
  const int on = 1;

  /* An old kernel lacks some of these.  Then errors come without a reason, and dumps come unfiltered;
   * whoever dumps must cope with that. */
  setsockopt (fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  setsockopt (fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  setsockopt (fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on);
  setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
}

DivertNetlink *
divert_netlink_new (int      protocol,
                    GError **error)
{
  g_autoptr(DivertNetlink) netlink = g_new0 (DivertNetlink, 1);

  netlink->sock = nl_socket_alloc ();
  errno = ENOMEM;
  if (netlink->sock == NULL || nl_connect (netlink->sock, protocol) < 0)
    {
      divert_netlink_fail (error, errno, NULL);
      g_prefix_error (error, _("cannot open a netlink socket: "));
      return NULL;
    }
  nl_socket_disable_auto_ack (netlink->sock);
  set_options (nl_socket_get_fd (netlink->sock));
  return g_steal_pointer (&netlink);
}

void
divert_netlink_free (DivertNetlink *netlink)
{
  if (netlink == NULL)
    return;
  if (netlink->sock != NULL)
    nl_socket_free (netlink->sock);
  g_free (netlink);
}

/* As everywhere in GLib, running out of memory is fatal. */
DivertNetlinkMessage *
divert_netlink_message_new (int           type,
                            int           flags,
                            gconstpointer header,
                            gsize         size)
{
  DivertNetlinkMessage *msg = nlmsg_alloc ();

  if (msg == NULL || nlmsg_append (msg, (void *) header, size, NLMSG_ALIGNTO) < 0)
    g_error ("no memory for a netlink message");
  nlmsg_hdr (msg)->nlmsg_type = type;
  nlmsg_hdr (msg)->nlmsg_flags = flags;
  return msg;
}

guint32
divert_netlink_get_port (const DivertNetlink *netlink)
{
  return nl_socket_get_local_port (netlink->sock);
}

/* @ret_length is 0 if the datagram is not from the kernel. */
static gboolean
receive (DivertNetlink  *netlink,
         char           *buffer,
         int            *ret_length,
         GError        **error)
{
  struct sockaddr_nl sender = { 0 };
  struct iovec iov = { buffer, BUFFER_BYTES };
  struct msghdr datagram = { .msg_name = &sender, .msg_namelen = sizeof sender, .msg_iov = &iov, .msg_iovlen = 1 };
  ssize_t n;

  do
    n = recvmsg (nl_socket_get_fd (netlink->sock), &datagram, 0);
  while (n < 0 && errno == EINTR);
  if (n < 0)
    return divert_netlink_fail (error, errno == EAGAIN ? ETIMEDOUT : errno, NULL);
  if (datagram.msg_flags & MSG_TRUNC)
    return divert_netlink_fail (error, EMSGSIZE, NULL);
  /* Other processes can send to this socket as well. */
  *ret_length = sender.nl_pid == 0 ? n : 0;
  return TRUE;
}

static gboolean
take_datagram (DivertNetlink        *netlink,
               char                 *buffer,
               DivertNetlinkAnswer  *answer,
               GError              **error)
{
  int length;

  return receive (netlink, buffer, &length, error) && divert_netlink_answer_take (answer, buffer, length, error);
}

static gboolean
ask (DivertNetlink         *netlink,
     DivertNetlinkMessage  *msg,
     int                    flags,
     DivertNetlinkAnswer   *answer,
     GError               **error)
{
  g_autofree char *buffer = g_malloc (BUFFER_BYTES);
  struct nlmsghdr *header = nlmsg_hdr (msg);

  nl_complete_msg (netlink->sock, msg);
  header->nlmsg_flags |= flags;
  answer->sequence = header->nlmsg_seq;
  if (send (nl_socket_get_fd (netlink->sock), header, header->nlmsg_len, 0) < 0)
    return divert_netlink_fail (error, errno, NULL);
  while (!answer->done)
    {
      if (!take_datagram (netlink, buffer, answer, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
divert_netlink_request (DivertNetlink         *netlink,
                        DivertNetlinkMessage  *msg,
                        DivertNetlinkVisit     visit,
                        gpointer               user_data,
                        GError               **error)
{
  DivertNetlinkAnswer answer = { .visit = visit, .user_data = user_data };

  return ask (netlink, msg, NLM_F_ACK, &answer, error);
}

guint32
divert_netlink_number (DivertNetlink *netlink,
                       guint          count)
{
  guint32 first = nl_socket_use_seq (netlink->sock);

  for (guint i = 1; i < count; i++)
    nl_socket_use_seq (netlink->sock);
  return first;
}

void
divert_netlink_make_room (DivertNetlink *netlink,
                          int            send_bytes,
                          int            receive_bytes)
{
  const int fd = nl_socket_get_fd (netlink->sock);

  /* Exceed what the system allows an ordinary process.  If that is refused, the system's own limits apply. */
  setsockopt (fd, SOL_SOCKET, SO_SNDBUFFORCE, &send_bytes, sizeof send_bytes);
  setsockopt (fd, SOL_SOCKET, SO_RCVBUFFORCE, &receive_bytes, sizeof receive_bytes);
}

gboolean
divert_netlink_converse (DivertNetlink      *netlink,
                         gconstpointer       datagram,
                         gsize               length,
                         DivertNetlinkTake   take,
                         gpointer            user_data,
                         GError            **error)
{
  g_autofree char *buffer = g_malloc (BUFFER_BYTES);
  gboolean done = FALSE;

  if (send (nl_socket_get_fd (netlink->sock), datagram, length, 0) < 0)
    return divert_netlink_fail (error, errno, NULL);
  while (!done)
    {
      int remaining;

      if (!receive (netlink, buffer, &remaining, error))
        return FALSE;
      for (struct nlmsghdr *header = (struct nlmsghdr *) buffer; nlmsg_ok (header, remaining) && !done;
           header = nlmsg_next (header, &remaining))
        done = take (header, user_data);
    }
  return TRUE;
}

gboolean
divert_netlink_dump (DivertNetlink         *netlink,
                     DivertNetlinkMessage  *msg,
                     DivertNetlinkVisit     visit,
                     gpointer               user_data,
                     gboolean              *ret_torn,
                     GError               **error)
{
  DivertNetlinkAnswer answer = { .visit = visit, .user_data = user_data };

  if (!ask (netlink, msg, NLM_F_DUMP, &answer, error))
    return FALSE;
  if (ret_torn != NULL)
    *ret_torn = answer.torn;
  return TRUE;
}

guint
divert_netlink_find_device (DivertNetlink *netlink,
                            const char    *name)
{
  struct ifreq request = { 0 };

  g_strlcpy (request.ifr_name, name, sizeof request.ifr_name);
  return ioctl (nl_socket_get_fd (netlink->sock), SIOCGIFINDEX, &request) == 0 ? request.ifr_ifindex : 0;
}

int
divert_netlink_family (DivertFamily family)
{
  return family == DIVERT_FAMILY_IPV6 ? AF_INET6 : AF_INET;
}

guint8
divert_netlink_get_u8 (struct nlattr *attribute,
                       guint8         otherwise)
{
  return attribute != NULL && nla_len (attribute) >= (int) sizeof (guint8) ? nla_get_u8 (attribute) : otherwise;
}

guint32
divert_netlink_get_u32 (struct nlattr *attribute,
                        guint32        otherwise)
{
  return attribute != NULL && nla_len (attribute) >= (int) sizeof (guint32) ? nla_get_u32 (attribute) : otherwise;
}

gboolean
divert_netlink_get_address (struct nlattr *attribute,
                            int            family,
                            DivertPrefix  *ret_address)
{
  const DivertFamily our_family = family == AF_INET6 ? DIVERT_FAMILY_IPV6 : DIVERT_FAMILY_IPV4;

  if (attribute == NULL || (family != AF_INET && family != AF_INET6))
    return FALSE;
  if (nla_len (attribute) != (int) divert_family_bytes (our_family))
    return FALSE;
  *ret_address = divert_prefix_from_bytes (our_family, nla_data (attribute), divert_family_bits (our_family));
  return TRUE;
}
