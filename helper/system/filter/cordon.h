/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Holds everything that would leave by some devices, for as long as a grant that was given there is being taken back.
 * It waits for nobody but nftables' writers, and needs no table of anybody's.
 *
 * The theory of operation stands at the head of nftables/cordon.c.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct DivertCordon DivertCordon;

/* @links: the indices of the devices.  NULL without an error: the kernel has no nftables, or it lacks tables that
 * belong to somebody, and then there is nothing that a cordon has to stand in for.  Errors are DIVERT_NETLINK_ERROR. */
DivertCordon *divert_cordon_new (const guint *links, guint n_links, GError **error);
/* It is gone with this, or with the process. */
void          divert_cordon_free (DivertCordon *cordon);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertCordon, divert_cordon_free)

G_END_DECLS
