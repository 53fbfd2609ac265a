/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between invariants.c, which judges a packet, and invariants-walk.c, which thinks of all packets.
 */
#pragma once

#include "invariants.h"

#include <netinet/in.h>

#include "fence.h"

G_BEGIN_DECLS

#define DIVERT_TCP_FIN 0x01
#define DIVERT_TCP_SYN 0x02
#define DIVERT_TCP_RST 0x04
#define DIVERT_TCP_PSH 0x08
#define DIVERT_TCP_ACK 0x10

typedef enum
{
  DIVERT_SENDER_CLIENT,  /* an ordinary program's socket that asked for something */
  DIVERT_SENDER_KERNEL,  /* no socket: a refusal, or data left behind by a closed socket */
  DIVERT_SENDER_PROXY,
  DIVERT_N_SENDERS,
} DivertSender;

typedef struct
{
  const DivertConfig   *config;
  const DivertDecision *decision;
  const DivertRuleset  *ruleset;
  DivertRuleset         guard_alone;  /* the same, without the rules for outgoing packets */
  GArray               *intranets;    /* DivertPrefix */
  DivertPorts           ephemeral;
  guint32               gid;
  guint32               foreign_mark; /* a packet's: somebody else's */
  guint                 n_walks;
  DivertFault           fault;
  gpointer              user_data;
} DivertWorld;

DivertWorld *divert_world_new (const DivertRuleset *ruleset, const DivertOrigin *origin, DivertFault fault,
                               gpointer user_data);
void         divert_world_free (DivertWorld *world);

static inline gboolean
is_judged (const DivertSample *sample)
{
  return sample->protocol == IPPROTO_TCP || sample->protocol == IPPROTO_UDP;
}

/* Policy routing sends it to the fence. */
static inline gboolean
is_fenced (const DivertSample *sample)
{
  return g_str_equal (sample->interface, DIVERT_FENCE_DEVICE);
}

/* Does a program get this port without asking for one? */
static inline gboolean
is_ephemeral (const DivertWorld *world,
              guint16            port)
{
  return port >= world->ephemeral.first && port <= world->ephemeral.last &&
         !divert_ports_contain (world->config->serve, port);
}

/* A packet of this machine, in one state. */
void     divert_invariants_check_sent (DivertWorld *world, DivertSender sender, const DivertSample *sample);
/* What strangers can send to the socket that @sample comes from. */
void     divert_invariants_check_planted (DivertWorld *world, const DivertSample *sample);

G_END_DECLS
