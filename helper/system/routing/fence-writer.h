/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The messages that turn the fence into what it should be.  Only for fence.c and its parts.
 */
#pragma once

#include "fence-state.h"
#include "system/netlink/netlink-batch.h"

G_BEGIN_DECLS

typedef struct
{
  DivertNetlink      *netlink;
  const DivertFence  *fence;
  guint               ifindex; /* the device's */
  DivertFenceState   *states[DIVERT_N_FAMILIES];
  DivertNetlinkBatch *batch;   /* the messages, in the order of execution */
  guint               refused; /* how many of them */
  GError             *error;   /* the first one that matters */
} DivertFenceWriter;

/* Reads the current state.  @netlink and @fence must outlive the writer. */
gboolean divert_fence_writer_read (DivertFenceWriter *w, DivertNetlink *netlink, const DivertFence *fence,
                                   guint ifindex, GError **error);
void     divert_fence_writer_clear (DivertFenceWriter *w);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DivertFenceWriter, divert_fence_writer_clear)

/* @type: RTM_DELRULE or RTM_DELROUTE; @seen: struct nlmsghdr as dumped. */
void     divert_fence_writer_delete (DivertFenceWriter *w, int type, const GPtrArray *seen);
/* @type: RTN_THROW for a gate, RTN_UNICAST or RTN_UNREACHABLE for a panel. */
void     divert_fence_writer_put_route (DivertFenceWriter *w, int flags, const DivertPrefix *prefix, guint type);
/* Adds the members of @prefixes that @present says are missing, except for panels of the internet; returns how many. */
guint    divert_fence_writer_add_missing (DivertFenceWriter *w, DivertFamily family, const GArray *prefixes,
                                          const GByteArray *present, guint type);
/* Adds the panels of the internet that are missing.  Call it after the gates have been added, because what goes direct
 * must not meet these panels meanwhile. */
void     divert_fence_writer_add_outer (DivertFenceWriter *w, DivertFamily family);
void     divert_fence_writer_add_rule (DivertFenceWriter *w, DivertFamily family);
/* For a moment there are two copies of the rule. */
void     divert_fence_writer_renew_rule (DivertFenceWriter *w, const struct nlmsghdr *rule);
/* Deletes all gates of the fence, whether they are there or not, without having read anything. */
void     divert_fence_writer_shut (DivertFenceWriter *w);

/* Has all messages carried out, and starts over.  Sets @ret_wrote to TRUE if any was. */
gboolean divert_fence_writer_send (DivertFenceWriter *w, gboolean *ret_wrote, GError **error);

G_END_DECLS
