/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files that walk through nft's JSON. */
#pragma once

#include "nft-json.h"

G_BEGIN_DECLS

typedef struct
{
  const NftJson *json;
  DivertSample  *sample;
  const char    *in, *out;
} NftJsonPacket;

/* What a match compares.  A name is a device's. */
typedef struct
{
  guint32             number;
  const DivertPrefix *address;
  DivertPrefix        masked;  /* what @address may point to */
  const char         *name;
} NftJsonValue;

JsonArray *nft_json_get_array (JsonObject *object, const char *name);
/* @ret_value must be empty before.  FALSE: there is no value, and the rule ends. */
gboolean   nft_json_evaluate (const NftJsonPacket *packet, JsonNode *node, NftJsonValue *ret_value);
gboolean   nft_json_matches (const NftJsonPacket *packet, JsonObject *match);

G_END_DECLS
