/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The chains of our table of nftables, and where they hook into a packet's way.
 */
#pragma once

#include "nftables-table.h"

G_BEGIN_DECLS

typedef struct
{
  const char *type;          /* "filter", "route", "nat" */
  const char *hook;          /* "output" … as nft calls it */
  guint       number;        /* NF_INET_x */
  int         priority;
  const char *priority_text; /* likewise, as nft writes it */
} DivertNftHook;

/* NULL: packets come to @chain by other chains alone. */
const DivertNftHook *divert_nft_chain_hook (guint chain);
const char          *divert_nft_chain_name (guint chain);
/* One phrase that tells what it is for; static. */
const char          *divert_nft_chain_comment (guint chain);

G_END_DECLS
