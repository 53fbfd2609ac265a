/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A rule as the bytes of an ipt_entry or ip6t_entry, and back.
 */
#pragma once

#include "iptables-table.h"

G_BEGIN_DECLS

typedef struct
{
  const DivertIptablesFamily *ops;
  char     chain[DIVERT_XT_CHAIN_MAX + 1];  /* the chain that it belongs to */
  char     target[DIVERT_XT_CHAIN_MAX + 1]; /* as libiptc names it: "RETURN", "MARK", a chain */
  gboolean is_standard;                  /* a verdict or a jump, not an extension */
  guint64  bytes[];                      /* the entry, which includes its own size */
} DivertIptablesEntry;

DivertIptablesEntry *divert_iptables_entry_new (const DivertIptablesFamily *ops, const DivertXtRule *rule);

/* Is @kernel, an entry in an open table, the same rule?  Ignores counters and what is private to the
 * kernel.  A jump is compared by the name of its chain, @kernel_target, because its number changes with
 * every commit. */
gboolean divert_iptables_entry_equal (const DivertIptablesEntry *entry, const void *kernel, const char *kernel_target);

/* Does the entry @kernel have DIVERT_XT_TAG? */
gboolean divert_iptables_entry_is_tagged (const DivertIptablesFamily *ops, const void *kernel);

/* The reverse.  FALSE if the entry contains anything that a DivertXtRule cannot express, because then it
 * is not ours. */
gboolean divert_iptables_entry_parse (const DivertIptablesFamily *ops, const void *kernel, const char *kernel_target,
                                      DivertXtTable table, const char *chain, DivertXtRule *ret_rule);

G_END_DECLS
