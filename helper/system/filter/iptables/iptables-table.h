/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One table of legacy iptables, and what the errors of opening it mean.
 */
#pragma once

#include "iptables-rule.h"
#include "system/base/iptables-family.h"

G_BEGIN_DECLS

/* The copy of one table in memory, between init and commit. */
typedef struct
{
  const DivertIptablesFamily *ops;
  struct xtc_handle          *handle; /* NULL: not open */
} DivertIptablesTable;

#define DIVERT_IPTABLES_TABLE_INIT { NULL, NULL }

/* Does @table exist in this network namespace?  Asking does not create it, but opening it would (K1.2). */
gboolean divert_iptables_table_exists (const DivertIptablesFamily *ops, DivertXtTable table);
/* Reads @table, and creates it if it is missing. */
gboolean divert_iptables_table_open (DivertIptablesTable *self, const DivertIptablesFamily *ops, DivertXtTable table,
                                     GError **error);
void     divert_iptables_table_close (DivertIptablesTable *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DivertIptablesTable, divert_iptables_table_close)

/* The entries of @chain in order, owned by the table and valid until it changes. */
GPtrArray *divert_iptables_table_list (const DivertIptablesTable *self, const char *chain);
/* The names of all chains. */
GStrv      divert_iptables_table_list_chains (const DivertIptablesTable *self);

/* Asks the kernel for all matches and targets of @ops' family that we need (iptables-probe.c). */
gboolean   divert_iptables_probe (const DivertIptablesFamily *ops, gboolean cgroups, GError **error);

/* The kernel modules that the backend needs, by name or alias; free it (iptables-modules.c). */
GPtrArray *divert_iptables_list_modules (void);

/* Sets an error that explains the error number of init, of the probe's socket or of getsockopt to a person. */
void       divert_iptables_set_open_error (GError **error, const DivertIptablesFamily *ops, DivertXtTable table,
                                           int code);

G_END_DECLS
