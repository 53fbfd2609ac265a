/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's part of the facts, through rtnetlink: links and their carrier, addresses, default
 * gateways with the link-layer address they answer with, and routes.  It listens for changes in
 * these and in ip rules, and says "look again"; an event carries no facts.
 */
#pragma once

#include <linux/netlink.h>

#include "core/facts/facts.h"
#include "system/base/look-again.h"

G_BEGIN_DECLS

typedef struct DivertKernel DivertKernel;

/* @changed is called from the default main context, coalesced, after the kernel has reported a change. */
DivertKernel *divert_kernel_new (DivertLookAgain changed, gpointer user_data, GError **error);
void          divert_kernel_free (DivertKernel *kernel);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertKernel, divert_kernel_free)

/* Routes and ip rules that @port writes (divert_netlink_get_port()) are our own, and no reason to look again; so are
 * those of @other (0: nobody's). */
void          divert_kernel_ignore_writers (DivertKernel *kernel, guint32 port, guint32 other);
/* @witness sees each notification before anything else is made of it. */
typedef void (*DivertKernelWitness) (struct nlmsghdr *header, gpointer user_data);
void          divert_kernel_set_witness (DivertKernel *kernel, DivertKernelWitness witness, gpointer user_data);

/* Besides the default gateways, these (DivertPrefix) are asked if a route leads by them. */
void          divert_kernel_set_routers (DivertKernel *kernel, const GArray *addresses);

/* Fills in links, gateways and routers (with what is known of them) and routes. */
gboolean      divert_kernel_gather (DivertKernel *kernel, DivertFacts *facts, GError **error);

/* Asks the gateways on link @ifindex for their link-layer address, unless they are already being asked or
 * resolved.  The answer, or the lack of one within the time limit, is reported as a change. */
void          divert_kernel_resolve_gateways (DivertKernel *kernel, guint ifindex);
/* The links (ifindex, guint) through which a site is currently proven.  If a host there suddenly shows
 * another link-layer address, that is a reason to forget the gateways' answers. */
void          divert_kernel_trust_neighbours (DivertKernel *kernel, const GArray *ifindexes);
/* Forgets what was resolved on @ifindex (0: on all links), so that it must be proven again. */
void          divert_kernel_distrust (DivertKernel *kernel, guint ifindex);

G_END_DECLS
