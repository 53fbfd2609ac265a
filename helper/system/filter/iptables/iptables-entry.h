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
  char     chain[DIVERT_XT_CHAIN_MAX + 1];  /* where it belongs */
  char     target[DIVERT_XT_CHAIN_MAX + 1]; /* as libiptc names it: "RETURN", "MARK", a chain */
  gboolean is_standard;                  /* a verdict or a jump, no extension */
  guint64  bytes[];                      /* the entry; it holds its own size */
} DivertIptablesEntry;

DivertIptablesEntry *divert_iptables_entry_new (const DivertIptablesFamily *ops, const DivertXtRule *rule);

/* Is @kernel, an entry of an open table, the same rule?  Counters and what is private to the kernel do not count;
 * a jump is told by the chain's name, @kernel_target, because its number changes with every commit. */
gboolean divert_iptables_entry_equal (const DivertIptablesEntry *entry, const void *kernel, const char *kernel_target);

/* Does an entry carry DIVERT_XT_TAG? */
gboolean divert_iptables_entry_is_tagged (const DivertIptablesFamily *ops, const void *kernel);

/* The way back.  FALSE if the entry says anything that a DivertXtRule cannot say: then it is none of ours. */
gboolean divert_iptables_entry_parse (const DivertIptablesFamily *ops, const void *kernel, const char *kernel_target,
                                      DivertXtTable table, const char *chain, DivertXtRule *ret_rule);

G_END_DECLS
