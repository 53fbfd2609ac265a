/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A table as the kernel returns it, without parsing.
 */
#pragma once

#include "iptables-table.h"

G_BEGIN_DECLS

/* Kept between readings, because a socket takes longer than a question. */
typedef struct
{
  int         sockets[DIVERT_N_FAMILIES]; /* -1: not open */
  GByteArray *answer;
} DivertIptablesReader;

void        divert_iptables_reader_init (DivertIptablesReader *reader);
void        divert_iptables_reader_clear (DivertIptablesReader *reader);

/* Returns the entries of @table.  All counters are zeroed, so equal bytes are equal rules.  NULL: the table cannot be
 * read.  The result belongs to @reader and is valid until the next reading.  Creates the table if it does not exist
 * (K1.2). */
GByteArray *divert_iptables_blob_read (DivertIptablesReader *reader, const DivertIptablesFamily *ops,
                                       DivertXtTable table);
/* Would a reading of @table now be as long as @blob?  Asks only for its size, which takes 2 µs. */
gboolean    divert_iptables_blob_has_same_size (DivertIptablesReader *reader, const DivertIptablesFamily *ops,
                                                DivertXtTable table, const GByteArray *blob);
gboolean    divert_iptables_blob_equal (const GByteArray *a, const GByteArray *b);

G_END_DECLS
