/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The questions to one gateway.  Only for gateway-resolution.c.
 */
#pragma once

#include "gateway-resolution.h"

#include <linux/neighbour.h>

G_BEGIN_DECLS

#define DIVERT_NUD_USABLE     (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE)
#define DIVERT_NUD_MADE       (NUD_PERMANENT | NUD_NOARP)

/* For a resolved gateway.  This plus SILENCE, from the last question that was answered to the conclusion that the
 * next one is not, must be less than 2.5 s, which is promised, and than the kernel's three probes, one second each. */
#define DIVERT_HEARTBEAT_US   (1 * G_TIME_SPAN_SECOND)
#define DIVERT_FIRST_RETRY_US (1 * G_TIME_SPAN_SECOND)

/* All but the last two return whether what is known of the gateway has changed. */

gboolean divert_question_note_mac (DivertResolution *r, const DivertMac *mac, gint64 now);
gboolean divert_question_give_up (DivertResolution *r, gint64 now);
/* Asks the address in the kernel's entry, or else everybody. */
gboolean divert_question_start (DivertResolution *r, DivertNetlink *netlink, gint64 now);
gboolean divert_question_ask_everybody (DivertResolution *r, DivertNetlink *netlink, gint64 now);
/* When the next question is due. */
gboolean divert_question_ask_again (DivertResolution *r, DivertNetlink *netlink, gint64 now);
/* Unless that happened a moment ago. */
gboolean divert_question_ask_in_background (DivertResolution *r, DivertNetlink *netlink, gint64 now);

/* Was the question that was put quietly answered?  FALSE: not yet. */
gboolean divert_question_look (DivertResolution *r, DivertNetlink *netlink, gint64 now);
/* From now on the answer is heard at once, or missed soon. */
void     divert_question_hear (DivertResolution *r);

G_END_DECLS
