/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A rule as in x_tables: in a chain in a table of one family, with one protocol, one source and one
 * destination prefix.  iptables-expand.c makes them from the rules of a ruleset.
 */
#pragma once

#include "core/ruleset/ruleset.h"

G_BEGIN_DECLS

typedef enum
{
  DIVERT_XT_MANGLE,
  DIVERT_XT_NAT,
  DIVERT_XT_FILTER, /* only while something is refused */
} DivertXtTable;

#define DIVERT_XT_N_TABLES 3

/* At most 28 characters: the kernel keeps 29 bytes, and libiptc silently accepts more than that (K1.5). */
#define DIVERT_XT_CHAIN_MAX 28

/* The first rule of each of our chains has this comment.  A chain with one of our names but without the
 * comment belongs to somebody else (the article's script uses the same names), and we leave it alone. */
#define DIVERT_XT_TAG "nm-divert"

typedef enum
{
  DIVERT_XT_RETURN,
  DIVERT_XT_DROP,
  DIVERT_XT_JUMP,
  DIVERT_XT_GOTO,     /* a RETURN in the target chain leaves this chain as well */
  DIVERT_XT_MARK,
  DIVERT_XT_CONNMARK,
  DIVERT_XT_TPROXY,
  DIVERT_XT_REDIRECT,
  DIVERT_XT_REJECT,   /* TCP by a reset, and the rest by the error of a closed port */
} DivertXtTarget;

/* Fields without a comment are as in DivertRule.  The matches are in the same order as in the entry. */
typedef struct
{
  DivertXtTable   table;
  char            chain[DIVERT_XT_CHAIN_MAX + 1]; /* ours, or a built-in one (then it is a hook's jump) */

  guint8          protocol;        /* IPPROTO_TCP, _UDP, _ICMP, _ICMPV6; 0: any */
  char            in_interface[16];
  gboolean        in_invert;
  char            out_interface[16];
  gboolean        out_invert;
  gboolean        has_source;
  DivertPrefix    source;
  gboolean        has_destination;
  DivertPrefix    destination;
  guint16         sport;
  guint16         dport;
  guint16         dport_last;      /* 0: only dport */
  gboolean        has_tcp_flags;
  gboolean        tcp_flags_invert;
  guint8          tcp_flags_mask;
  guint8          tcp_flags_value;
  guint8          icmpv6_type;
  DivertMarkMatch mark;
  DivertMarkMatch connmark;
  gboolean        has_gid;
  guint32         gid;
  guint64         cgroup;
  const char     *cgroup_path;     /* NULL: any; the ruleset's, or interned */
  guint           dst_types;
  guint           src_types;
  DivertReceiver  receiver;
  gboolean        tagged;          /* has DIVERT_XT_TAG */

  DivertXtTarget  target;
  char            to[DIVERT_XT_CHAIN_MAX + 1];
  guint32         value;
  guint32         mask;
  guint16         port;
  gboolean        on_loopback;     /* for TPROXY */

  const DivertRule *origin;        /* the rule it was made from; NULL: read back, or a step in a dispatch */
} DivertXtRule;

/* Lists are GArray of DivertXtRule: all tables of one family, in order within each chain. */
static inline DivertXtRule *
divert_xt_rules_index (const GArray *rules,
                       guint         i)
{
  return &g_array_index (rules, DivertXtRule, i);
}

G_END_DECLS
