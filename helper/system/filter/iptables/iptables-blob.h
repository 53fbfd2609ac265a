/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A table as the kernel returns it, without parsing.
 */
#pragma once

#include "iptables-family.h"

G_BEGIN_DECLS

/* The entries of @table.  All counters are zeroed, so equal bytes are equal rules.  NULL: the table cannot be read.
 * Creates the table if it does not exist (K1.2). */
GByteArray *divert_iptables_blob_read (const DivertIptablesFamily *ops, DivertXtTable table);
gboolean    divert_iptables_blob_equal (const GByteArray *a, const GByteArray *b);

G_END_DECLS
