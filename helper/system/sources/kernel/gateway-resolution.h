/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One gateway's link-layer address: what is known of it, and the question
 * under way.  Part of gateway.c; time is given, not read, so that a test can make it pass.
 */
#pragma once

#include "core/facts/facts.h"
#include "gateway-neighbour.h"

G_BEGIN_DECLS

typedef enum
{
  DIVERT_QUESTION_NONE,
  DIVERT_QUESTION_UNICAST,   /* the address that the kernel's entry has */
  DIVERT_QUESTION_BROADCAST, /* everybody on the link */
} DivertQuestion;

typedef struct
{
  guint              ifindex;
  DivertPrefix       address;

  gboolean           asked;
  DivertGatewayState state;
  GArray            *macs;      /* SeenMac, the newest first */
  gboolean           has_entry_mac;
  DivertMac          entry_mac; /* that the kernel's entry had last */

  DivertQuestion     question;
  gint64             asked_at;  /* the last question (µs, monotonic) */
  gint64             first_answer; /* since it is RESOLVED (µs, monotonic) */
  gint64             last_answer;
  gint64             deadline;  /* of the question, or the time of the next one; 0: none */
  gint64             retry;     /* µs until the next question after a failure */
  gboolean           doubtful;  /* since divert_resolution_take_doubt() */
} DivertResolution;

DivertResolution *divert_resolution_new (guint ifindex, const DivertPrefix *address);
void              divert_resolution_free (DivertResolution *resolution);

/* Each of these returns whether the state or the addresses changed, other than from UNKNOWN to PENDING. */
gboolean          divert_resolution_ask (DivertResolution *resolution, DivertNetlink *netlink, gint64 now);
/* There is a reason to want an answer soon: the next question of a resolved one is put at once, or very soon. */
gboolean          divert_resolution_hasten (DivertResolution *resolution, DivertNetlink *netlink, gint64 now);
/* Another one is asked: so is a resolved one whose own time is near, in the same wake-up of processor and radio. */
gboolean          divert_resolution_join (DivertResolution *resolution, DivertNetlink *netlink, gint64 now);
gboolean          divert_resolution_see (DivertResolution *resolution, DivertNetlink *netlink,
                                         const DivertNeighbour *neighbour, gint64 now);
gboolean          divert_resolution_tick (DivertResolution *resolution, DivertNetlink *netlink, gint64 now);

/* Did the gateway, once it had answered, fall silent or show another address?  Tells of it once. */
gboolean          divert_resolution_take_doubt (DivertResolution *resolution);
/* Back to UNKNOWN; nothing is sent until asked. */
void              divert_resolution_forget (DivertResolution *resolution);
/* When to tick; G_MAXINT64: never. */
gint64            divert_resolution_next_tick (const DivertResolution *resolution);
/* State and addresses. */
void              divert_resolution_fill (const DivertResolution *resolution, DivertGateway *gateway);

G_END_DECLS
