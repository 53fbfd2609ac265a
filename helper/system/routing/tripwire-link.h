/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The links on which a grant rests, and what the kernel says about them.  Only for tripwire.c.
 */
#pragma once

#include "core/place/decision.h"
#include "system/netlink/kernel-parse.h"

G_BEGIN_DECLS

/* DivertLinkState: the exits of @decision as @facts has them; empty if it grants nothing. */
GArray               *divert_trip_links_new (const DivertDecision *decision, const DivertFacts *facts);
/* Owned by @links; NULL if it is not among them. */
const DivertLinkState *divert_trip_links_find (const GArray *links, guint ifindex);
gboolean              divert_trip_links_equal (const GArray *a, const GArray *b);

/* Does @header (of rtnetlink) say that @link was lost since it was in that state?  @header is about this link. */
gboolean              divert_trip_link_is_lost (const DivertLinkState *link, struct nlmsghdr *header);
/* What asks the kernel about @link, as often as you like. */
DivertNetlinkMessage *divert_trip_link_question_new (const DivertLinkState *link);
typedef enum
{
  DIVERT_TRIP_LINK_HOLDS,
  DIVERT_TRIP_LINK_LOST,
  DIVERT_TRIP_LINK_UNKNOWN, /* the kernel didn't say */
} DivertTripLinkAnswer;

/* Asks it: is @link as it was?  One that the kernel doesn't have is lost. */
DivertTripLinkAnswer  divert_trip_link_ask (const DivertLinkState *link, DivertNetlinkMessage *question,
                                            DivertNetlink *netlink);

/* From now on, socket @fd takes notifications about @links alone; NULL: about all links. */
void                  divert_trip_links_filter (int fd, const GArray *links);

G_END_DECLS
