/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The chains of our nftables table, and where they hook into a packet's path.
 */
#pragma once

#include "nftables-table.h"

G_BEGIN_DECLS

typedef struct
{
  const char *type;          /* "filter", "route", "nat" */
  const char *hook;          /* "output" … as in nft */
  guint       number;        /* NF_INET_x */
  int         priority;
  const char *priority_text; /* the priority as nft writes it */
} DivertNftHook;

/* NULL: only other chains send packets to @chain. */
const DivertNftHook *divert_nft_chain_hook (guint chain);
const char          *divert_nft_chain_name (guint chain);
/* One phrase that says what it is for; static. */
const char          *divert_nft_chain_comment (guint chain);

G_END_DECLS
