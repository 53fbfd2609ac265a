/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our table as `nft -j` reads it from the kernel, and a packet's path through that.  It knows nft's JSON and the
 * kernel's rules, and none of ours.
 */
#pragma once

#include <json-glib/json-glib.h>

#include "core/ruleset/walk.h"

G_BEGIN_DECLS

typedef struct
{
  JsonParser *parser;
  GHashTable *chains; /* name → JsonObject */
  GHashTable *rules;  /* name → GPtrArray of JsonArray: each rule's expressions */
  GHashTable *sets;   /* name → JsonArray: the elements */
} NftJson;

/* Reads "table inet nm-divert". */
NftJson *nft_json_new (void);
void     nft_json_free (NftJson *json);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NftJson, nft_json_free)

typedef enum
{
  NFT_JSON_END,      /* of the chain */
  NFT_JSON_ACCEPTED,
  NFT_JSON_DROPPED,
  NFT_JSON_GIVEN,    /* to @ret_port */
} NftJsonOutcome;

/* @in, @out: the devices; "" for none. */
NftJsonOutcome nft_json_walk (const NftJson *json, const char *chain, DivertSample *sample, const char *in,
                              const char *out, guint16 *ret_port);

G_END_DECLS
