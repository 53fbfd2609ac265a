/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's answer to one request, one datagram at a time: values in, values out.  Part of
 * netlink.c.
 */
#pragma once

#include "netlink.h"

G_BEGIN_DECLS

typedef struct
{
  guint32            sequence;  /* the request's */
  DivertNetlinkVisit visit;     /* may be NULL */
  gpointer           user_data;
  gboolean           done;      /* the answer is complete */
  gboolean           torn;      /* the kernel's state changed during the dump */
} DivertNetlinkAnswer;

/* Sets the error "the errno's text (@reason)"; returns FALSE.  @reason may be NULL. */
gboolean divert_netlink_fail (GError **error, int code, const char *reason);
/* @datagram: @length bytes as received, with the alignment of messages.  FALSE: the kernel refuses the request. */
gboolean divert_netlink_answer_take (DivertNetlinkAnswer *answer, char *datagram, int length, GError **error);

G_END_DECLS
