/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads links, addresses and routes from the kernel (rtnetlink dumps).  Part of kernel.c.
 */
#pragma once

#include "system/netlink/kernel-parse.h"

G_BEGIN_DECLS

/* More than this is an error: no laptop has that many, and reading them takes too long. */
#define DIVERT_KERNEL_MAX_ROUTES    65536
#define DIVERT_KERNEL_MAX_ADDRESSES 65536
/* Of one link.  Further ones are left out, because anybody there may advertise himself as a router.  They would not be
 * asked anyway. */
#define DIVERT_KERNEL_MAX_GATEWAYS  256

typedef struct
{
  GArray    *link_states; /* DivertLinkState; without loopback */
  GPtrArray *links;       /* DivertLink, by ifindex; without loopback; gateways UNKNOWN */
  GArray    *routes;      /* DivertRoute */
} DivertKernelState;

DivertKernelState *divert_kernel_state_read (DivertNetlink *netlink, GError **error);
/* Fills in the links' routers: those of @addresses (DivertPrefix) that a route leads by. */
void               divert_kernel_state_add_routers (DivertKernelState *state, const GArray *addresses);
/* Only the links: DivertLinkState, without loopback. */
GArray            *divert_kernel_links_read (DivertNetlink *netlink, GError **error);
void               divert_kernel_state_free (DivertKernelState *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertKernelState, divert_kernel_state_free)

G_END_DECLS
