/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For how long a link has been the same link, as far as anybody can tell.  Part of gateway.c.
 */
#pragma once

#include "system/netlink/kernel-parse.h"

G_BEGIN_DECLS

typedef struct DivertLinkEpochs DivertLinkEpochs;

DivertLinkEpochs *divert_link_epochs_new (void);
void              divert_link_epochs_free (DivertLinkEpochs *epochs);

/* @ifindex 0: for all links. */
void              divert_link_epochs_begin (DivertLinkEpochs *epochs, guint ifindex);
guint             divert_link_epochs_get (const DivertLinkEpochs *epochs, guint ifindex);

/* A link in its current state.  Returns whether its carrier went or came since it was last seen, whether it has become
 * another one's port, a bond uses another port, or it is a new one. */
gboolean          divert_link_epochs_see (DivertLinkEpochs *epochs, const DivertLinkState *link);
/* @link's ifindex, and those of the links that it carries (guint): the bridge that it is a port of, VLANs on it. */
GArray           *divert_link_epochs_list_above (const DivertLinkEpochs *epochs, const DivertLinkState *link);
gboolean          divert_link_epochs_knows (const DivertLinkEpochs *epochs, guint ifindex);
/* The link is gone. */
void              divert_link_epochs_lose (DivertLinkEpochs *epochs, guint ifindex);
/* All links except @states (DivertLinkState) are gone. */
void              divert_link_epochs_keep (DivertLinkEpochs *epochs, const GArray *states);

G_END_DECLS
