/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The link-layer address of one gateway: what we know of it, and the question under way.  Part of
 * gateway.c.  Time is a parameter, so that a test can make it pass.
 */
#pragma once

#include "core/facts/facts.h"
#include "gateway-macs.h"
#include "gateway-neighbour.h"

G_BEGIN_DECLS

typedef enum
{
  DIVERT_QUESTION_NONE,
  DIVERT_QUESTION_UNICAST,   /* to the address in the kernel's entry */
  DIVERT_QUESTION_BROADCAST, /* to everybody on the link */
} DivertQuestion;

typedef struct
{
  guint              ifindex;
  DivertPrefix       address;
  gboolean           router;    /* no default gateway: what it does tells nothing of the link */

  gboolean           asked;
  DivertGatewayState state;
  GArray            *macs;      /* DivertSeenMac, newest first */
  gboolean           has_entry_mac;
  DivertMac          entry_mac; /* the last one in the kernel's entry */

  DivertQuestion     question;
  gint64             asked_at;  /* when we last asked (µs, monotonic) */
  gint64             first_answer; /* since it became RESOLVED (µs, monotonic) */
  gint64             last_answer;
  gint64             deadline;  /* of the question, or when to ask next; 0: none */
  gboolean           quiet;     /* nobody is woken for the answer: it is looked for at the deadline */
  gboolean           awaited;   /* the next answer is to be heard at once; set by whoever waits for it */
  gboolean           absent;    /* a router that did not answer before the last answers were forgotten */
  gint64             retry;     /* µs from a failure to the next question */
  gboolean           doubtful;  /* since divert_resolution_take_doubt() */
} DivertResolution;

DivertResolution *divert_resolution_new (guint ifindex, const DivertPrefix *address);
void              divert_resolution_free (DivertResolution *resolution);

/* These functions return whether the state or the addresses changed, not counting a change from UNKNOWN
 * to PENDING. */
gboolean          divert_resolution_ask (DivertResolution *resolution, DivertNetlink *netlink, gint64 now);
/* There is a reason to want an answer soon: asks a resolved gateway now, or very soon. */
gboolean          divert_resolution_hasten (DivertResolution *resolution, DivertNetlink *netlink, gint64 now);
/* Another gateway is being asked: also asks this one if it is resolved and its own time is near, so that
 * both share one wake-up of processor and radio. */
gboolean          divert_resolution_join (DivertResolution *resolution, DivertNetlink *netlink, gint64 now);
gboolean          divert_resolution_see (DivertResolution *resolution, DivertNetlink *netlink,
                                         const DivertNeighbour *neighbour, gint64 now);
gboolean          divert_resolution_tick (DivertResolution *resolution, DivertNetlink *netlink, gint64 now);

/* Did a gateway that had answered fall silent or show another address?  Reports that once. */
gboolean          divert_resolution_take_doubt (DivertResolution *resolution);
/* Back to UNKNOWN; does not ask until told to. */
void              divert_resolution_forget (DivertResolution *resolution);
/* When to tick; G_MAXINT64: never. */
gint64            divert_resolution_next_tick (const DivertResolution *resolution);
/* FALSE: whatever the kernel tells of this gateway is to be heard.  Otherwise, of what it will tell, @ret_answer needs
 * not be. */
gboolean          divert_resolution_get_quiet_answer (const DivertResolution *resolution, DivertNeighbour *ret_answer);
/* Fills in state and addresses. */
void              divert_resolution_fill (const DivertResolution *resolution, DivertGateway *gateway);

G_END_DECLS
