/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel answers to one request, a datagram at a time: values in, values out.  Part of netlink.c.
 */
#pragma once

#include "netlink.h"

G_BEGIN_DECLS

typedef struct
{
  guint32            sequence;  /* of the request */
  DivertNetlinkVisit visit;     /* may be NULL */
  gpointer           user_data;
  gboolean           done;      /* the answer is complete */
  gboolean           torn;      /* the kernel's state changed while it was dumped */
} DivertNetlinkAnswer;

/* Sets "the errno's text (@reason)"; returns FALSE. @reason may be NULL. */
gboolean divert_netlink_fail (GError **error, int code, const char *reason);
/* @datagram: @length bytes, as they came, aligned as messages are.  FALSE: the kernel refuses. */
gboolean divert_netlink_answer_take (DivertNetlinkAnswer *answer, char *datagram, int length, GError **error);

G_END_DECLS
