/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The messages that make the fence what it is to be.  Between fence.c and its parts only.
 */
#pragma once

#include "fence-state.h"

G_BEGIN_DECLS

typedef struct
{
  DivertNetlink     *netlink;
  const DivertFence *fence;
  guint              ifindex;  /* of the device */
  DivertFenceState  *states[DIVERT_N_FAMILIES];
  GPtrArray         *msgs;     /* DivertNetlinkMessage, in the order in which they are to be carried out */
  guint              refused;  /* of them */
  GError            *error;    /* the first that counts */
} DivertFenceWriter;

/* Reads what stands.  @netlink and @fence outlive the writer. */
gboolean divert_fence_writer_read (DivertFenceWriter *w, DivertNetlink *netlink, const DivertFence *fence,
                                   guint ifindex, GError **error);
void     divert_fence_writer_clear (DivertFenceWriter *w);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DivertFenceWriter, divert_fence_writer_clear)

/* @type: RTM_DELRULE or RTM_DELROUTE; @seen: struct nlmsghdr as dumped. */
void     divert_fence_writer_delete (DivertFenceWriter *w, int type, const GPtrArray *seen);
/* @type: RTN_THROW for a gate, RTN_UNICAST or RTN_UNREACHABLE for a panel. */
void     divert_fence_writer_put_route (DivertFenceWriter *w, int flags, const DivertPrefix *prefix, guint type);
/* Those of @prefixes that @present says are not there; returns how many. */
guint    divert_fence_writer_add_missing (DivertFenceWriter *w, DivertFamily family, const GArray *prefixes,
                                          const GByteArray *present, guint type);
void     divert_fence_writer_add_rule (DivertFenceWriter *w, DivertFamily family);
/* For a moment the rule is there twice. */
void     divert_fence_writer_renew_rule (DivertFenceWriter *w, const struct nlmsghdr *rule);

/* Has all of it carried out, and starts anew.  @ret_wrote becomes TRUE if anything was. */
gboolean divert_fence_writer_send (DivertFenceWriter *w, gboolean *ret_wrote, GError **error);

G_END_DECLS
