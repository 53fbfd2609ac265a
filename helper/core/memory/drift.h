/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Drift: what somebody else has changed of ours in the kernel since we wrote it.
 */
#pragma once

#include "core/words/prefix.h"

G_BEGIN_DECLS

/* The parts that can change.  The two families of a part are adjacent: divert_part_of(). */
typedef enum
{
  DIVERT_PART_MANGLE_IPV4,  /* legacy iptables: our chains in that table, and the jumps to them */
  DIVERT_PART_MANGLE_IPV6,
  DIVERT_PART_NAT_IPV4,
  DIVERT_PART_NAT_IPV6,
  DIVERT_PART_FILTER_IPV4,  /* there is something only while it refuses */
  DIVERT_PART_FILTER_IPV6,
  DIVERT_PART_ROUTING_IPV4, /* the ip rule for our mark, and its routes */
  DIVERT_PART_ROUTING_IPV6,
  DIVERT_PART_FENCE_IPV4,   /* the fence's ip rule and routes */
  DIVERT_PART_FENCE_IPV6,
  DIVERT_PART_FENCE_DEVICE,
  DIVERT_PART_NFTABLES,     /* our table of nftables, which has both families */
  DIVERT_PART_GUARD,        /* the guard's table of nftables */
  DIVERT_PART_WIRE,         /* our table of nftables for frames */
} DivertPart;

#define DIVERT_N_PARTS (DIVERT_PART_WIRE + 1)

/* Parts as bits: 1 << DivertPart. */
typedef guint DivertParts;

/* @part: the IPv4 one. */
DivertParts divert_part_of (DivertPart part, DivertFamily family);
/* Do packets stay unjudged while these parts are missing?  If not, the packets that the parts are for are blocked. */
gboolean    divert_parts_judge (DivertParts parts);
/* "mangle-ipv4"; static. */
const char *divert_part_name (DivertPart part);
/* FALSE if no part has that name. */
gboolean    divert_part_from_name (const char *name, DivertPart *ret_part);
/* "table mangle (IPv4)"; @translate: NULL for English. */
const char *divert_part_to_text (DivertPart part, const char *(*translate) (const char *msgid));

/* A process, as far as the kernel identifies it. */
typedef struct
{
  guint32 pid;      /* 0: unknown */
  char    name[16]; /* its own name for itself, any bytes; "": it had already ended */
} DivertProgram;

typedef struct
{
  guint64       count;   /* how often since this helper started */
  gint64        when;    /* the last time, in seconds since the epoch; 0: never; the other fields are about that time */
  DivertParts   parts;
  DivertProgram program;
} DivertDrift;

/* Records one more drift: @parts were found changed. */
void        divert_drift_add (DivertDrift *drift, DivertParts parts, const DivertProgram *program, gint64 when);
/* "table mangle (IPv4), table nat (IPv4), by 'iptables' (process 4711)", in English; escaped. */
char       *divert_drift_to_text (const DivertDrift *drift);

G_END_DECLS
