/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Drift: what of ours in the kernel somebody else has changed since we left it there.
 */
#pragma once

#include "core/words/prefix.h"

G_BEGIN_DECLS

/* What can be changed.  The two families of a part stand side by side: divert_part_of(). */
typedef enum
{
  DIVERT_PART_MANGLE_IPV4,  /* legacy iptables: our chains in that table, and the jumps to them */
  DIVERT_PART_MANGLE_IPV6,
  DIVERT_PART_NAT_IPV4,
  DIVERT_PART_NAT_IPV6,
  DIVERT_PART_ROUTING_IPV4, /* the ip rule for our mark, and its routes */
  DIVERT_PART_ROUTING_IPV6,
  DIVERT_PART_FENCE_IPV4,   /* the fence's ip rule and routes */
  DIVERT_PART_FENCE_IPV6,
  DIVERT_PART_FENCE_DEVICE,
} DivertPart;

#define DIVERT_N_PARTS (DIVERT_PART_FENCE_DEVICE + 1)

/* Parts as bits: 1 << DivertPart. */
typedef guint DivertParts;

/* @part: its IPv4 half. */
DivertParts divert_part_of (DivertPart part, DivertFamily family);
/* Do packets go unjudged where these parts are missing?  Else what they are for is blocked. */
gboolean    divert_parts_judge (DivertParts parts);
/* "mangle-ipv4"; static. */
const char *divert_part_name (DivertPart part);
/* FALSE: no part has that name. */
gboolean    divert_part_from_name (const char *name, DivertPart *ret_part);
/* "table mangle (IPv4)"; @translate: NULL for English. */
const char *divert_part_to_text (DivertPart part, const char *(*translate) (const char *msgid));

/* A process, as far as the kernel tells which one it was. */
typedef struct
{
  guint32 pid;      /* 0: not known */
  char    name[16]; /* its own word for itself, any bytes; "": it had ended already */
} DivertProgram;

typedef struct
{
  guint64       count;   /* how often, since this helper was started */
  gint64        when;    /* the last time: s since the epoch; 0: never.  The rest is of that time. */
  DivertParts   parts;
  DivertProgram program;
} DivertDrift;

/* Once more: @parts were found changed. */
void        divert_drift_add (DivertDrift *drift, DivertParts parts, const DivertProgram *program, gint64 when);
/* "table mangle (IPv4), table nat (IPv4), by 'iptables' (process 4711)", in English; escaped. */
char       *divert_drift_to_text (const DivertDrift *drift);

G_END_DECLS
