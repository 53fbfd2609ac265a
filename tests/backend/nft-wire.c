/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns: the functions in the place of the C library's.  See nft-wire.h. */
#include "nft-wire.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "namespace.h"

NftWire wire;

static int
meddle (gconstpointer data,
        gsize         size)
{
  const struct nlmsghdr *header = data;
  const int failure = wire.failure;

  if (size < sizeof *header || header->nlmsg_type != NFNL_MSG_BATCH_BEGIN)
    return 0;
  wire.failure = 0;
  if (wire.n_batches++ < wire.n_meddled)
    test_run ("nft add table ip theirs%u", wire.n_batches);
  return failure;
}

ssize_t
send (int         fd,
      const void *data,
      size_t      size,
      int         flags)
{
  const int failure = meddle (data, size);

  if (failure == 0)
    return syscall (SYS_sendto, fd, data, size, flags, NULL, 0);
  errno = failure;
  return -1;
}

ssize_t
recvmsg (int            fd,
         struct msghdr *message,
         int            flags)
{
  const ssize_t n = syscall (SYS_recvmsg, fd, message, flags);

  wire.received += MAX (n, 0);
  return n;
}
