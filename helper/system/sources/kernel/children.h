/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which devices others send by as well: macvlan children in other network namespaces, a container's or a virtual
 * machine's.  Their packets meet neither rules nor routes of this machine.  Part of kernel.c.
 */
#pragma once

#include "kernel-read.h"
#include "system/base/look-again.h"

G_BEGIN_DECLS

typedef struct DivertChildren DivertChildren;

/* Calls @changed when there are others than divert_children_read() has found.  @netlink outlives it. */
DivertChildren *divert_children_new (DivertNetlink *netlink, DivertLookAgain changed, gpointer user_data);
void            divert_children_free (DivertChildren *children);

/* Fills in the links' own_macs. */
void            divert_children_read (DivertChildren *children, DivertKernelState *state);
/* The kernel has reported a link, so a child may have been made, which is brought up without a word (K4.12): looks
 * again several times, at ever longer intervals. */
void            divert_children_expect (DivertChildren *children);

G_END_DECLS
