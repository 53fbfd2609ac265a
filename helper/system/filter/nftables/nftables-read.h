/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel holds of our table: enough to tell what is not as it should be.
 */
#pragma once

#include "nft-socket.h"
#include "nftables-encode.h"

G_BEGIN_DECLS

typedef struct
{
  DivertNftDigest      digest; /* 0: not one of ours */
  const DivertNftRule *rule;   /* not owned; NULL: it was read */
} DivertNftRuleState;

typedef struct
{
  char            *name;
  DivertNftDigest  digest;  /* 0: not one of our chains, or not as we made it */
  GPtrArray       *devices; /* char *: those of its hook, if that is one of devices */
  GArray          *rules;   /* DivertNftRuleState */
} DivertNftChainState;

typedef struct
{
  gboolean   exists;        /* there is a table with our name */
  gboolean   is_ours;
  gboolean   is_altered;    /* the table, or one of its sets, isn't as we made it */
  guint32    owner;         /* the port of the socket that it belongs to; 0: none */
  gboolean   persists;      /* it can belong to a socket, and outlives that */
  GPtrArray *chains;        /* DivertNftChainState */
  GPtrArray *sets;          /* char *: the names */
  guint64    dropped;       /* packets that the guard has dropped */
} DivertNftState;

void     divert_nft_state_clear (DivertNftState *state);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DivertNftState, divert_nft_state_clear)
#define DIVERT_NFT_STATE_INIT { FALSE, FALSE, FALSE, 0, FALSE, NULL, NULL, 0 }

/* Is there a table with our name, and is it ours?  @state must be empty; its chains and sets stay empty. */
gboolean divert_nft_read_table (DivertNft *nft, const char *table, DivertNftState *state, GError **error);
/* Reads everything. */
gboolean divert_nft_read (DivertNft *nft, const char *table, DivertNftState *state, GError **error);
/* How many packets our table @table has dropped.  FALSE: there is none, or nobody can say. */
gboolean divert_nft_count_dropped (DivertNft *nft, const char *table, guint64 *ret_packets);

/* How many packets the counters of a rule have counted; @header: an answer that has one. */
guint64  divert_nft_rule_count (struct nlmsghdr *header);

/* Takes one of the messages that reading consists of; a prepared state is empty.  @user_data: the DivertNftState. */
void     divert_nft_state_prepare (DivertNftState *state);
void     divert_nft_state_see (struct nlmsghdr *header, gpointer user_data);

/* What reading would find right after @table was written for @owner.  @state must be empty, and must not outlive
 * @table. */
void     divert_nft_state_suppose (DivertNftState *state, const DivertNftTable *table, guint32 owner);

DivertNftChainState *divert_nft_state_find_chain (const DivertNftState *state, const char *name);

G_END_DECLS
