/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A rule as the bytes of an ipt_entry or ip6t_entry, and back.
 */
#pragma once

#include "iptables-family.h"

G_BEGIN_DECLS

typedef struct
{
  const DivertIptablesFamily *ops;
  char     chain[DIVERT_CHAIN_MAX + 1];  /* where it belongs */
  char     target[DIVERT_CHAIN_MAX + 1]; /* as libiptc names it: "RETURN", "MARK", a chain */
  gboolean is_standard;                  /* a verdict or a jump, no extension */
  guint64  bytes[];                      /* the entry; it holds its own size */
} DivertIptablesEntry;

DivertIptablesEntry *divert_iptables_entry_new (const DivertIptablesFamily *ops, const DivertRule *rule);

/* Is @kernel, an entry of an open table, the same rule?  Counters and what is private to the kernel do not count;
 * a jump is told by the chain's name, @kernel_target, because its number changes with every commit. */
gboolean divert_iptables_entry_equal (const DivertIptablesEntry *entry, const void *kernel, const char *kernel_target);

/* Does an entry carry DIVERT_TAG? */
gboolean divert_iptables_entry_is_tagged (const DivertIptablesFamily *ops, const void *kernel);

/* The way back.  FALSE if the entry says anything that a DivertRule cannot say: then it is none of ours. */
gboolean divert_iptables_entry_parse (const DivertIptablesFamily *ops, const void *kernel, const char *kernel_target,
                                      DivertTable table, const char *chain, DivertRule *ret_rule);

G_END_DECLS
