/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns: reading our table with nft, and what the statements of a rule do. */
#include "namespace.h"
#include "nft-json-private.h"

typedef struct
{
  NftJsonPacket packet;
  guint16       port;
} Walk;

/* FALSE: the rule ends. */
static gboolean
set_mark (const Walk *walk,
          JsonObject *mangle)
{
  JsonObject *key = json_object_get_object_member (mangle, "key");
  const gboolean is_connection = json_object_has_member (key, "ct");
  NftJsonValue value = { 0 };

  if (!is_connection && !json_object_has_member (key, "meta"))
    return TRUE;
  if (!nft_json_evaluate (&walk->packet, json_object_get_member (mangle, "value"), &value) ||
      (is_connection && !walk->packet.sample->is_tracked))
    return FALSE;
  *(is_connection ? &walk->packet.sample->connmark : &walk->packet.sample->mark) = value.number;
  return TRUE;
}

static NftJsonOutcome walk_chain (Walk *walk, const char *chain);

/* @ret_goes_on: should the rule's next expression be looked at?  @ret_leaves: the chain ends in any case. */
static NftJsonOutcome
carry_out (Walk       *walk,
           const char *name,
           JsonObject *object,
           gboolean   *ret_goes_on,
           gboolean   *ret_leaves)
{
  *ret_goes_on = TRUE;
  if (g_str_equal (name, "match"))
    *ret_goes_on = nft_json_matches (&walk->packet, object);
  else if (g_str_equal (name, "mangle"))
    *ret_goes_on = set_mark (walk, object);
  else if (g_str_equal (name, "tproxy") || g_str_equal (name, "redirect"))
    walk->port = json_object_get_int_member (object, "port");
  else if (g_str_equal (name, "jump") || g_str_equal (name, "goto"))
    {
      *ret_leaves = name[0] == 'g';
      return walk_chain (walk, json_object_get_string_member (object, "target"));
    }
  else if (g_str_equal (name, "drop") || g_str_equal (name, "reject"))
    return NFT_JSON_DROPPED;
  else if (!g_str_equal (name, "counter") && !g_str_equal (name, "accept"))
    g_error ("an unknown statement: %s", name);
  if (g_str_equal (name, "accept"))
    return NFT_JSON_ACCEPTED;
  return g_str_equal (name, "redirect") ? NFT_JSON_GIVEN : NFT_JSON_END;
}

static NftJsonOutcome
walk_rule (Walk      *walk,
           JsonArray *rule,
           gboolean  *ret_leaves)
{
  NftJsonOutcome outcome = NFT_JSON_END;
  gboolean goes_on = TRUE;

  for (guint i = 0; goes_on && outcome == NFT_JSON_END && !*ret_leaves && i < json_array_get_length (rule); i++)
    {
      JsonObject *object = json_array_get_object_element (rule, i);
      g_autoptr(GList) names = json_object_get_members (object);
      JsonNode *node = json_object_get_member (object, names->data);

      outcome = carry_out (walk, names->data, JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL,
                           &goes_on, ret_leaves);
    }
  return outcome;
}

static NftJsonOutcome
walk_chain (Walk       *walk,
            const char *chain)
{
  GPtrArray *rules = g_hash_table_lookup (walk->packet.json->rules, chain);
  NftJsonOutcome outcome = NFT_JSON_END;
  gboolean leaves = FALSE;

  g_assert_nonnull (rules);
  for (guint i = 0; outcome == NFT_JSON_END && !leaves && i < rules->len; i++)
    outcome = walk_rule (walk, g_ptr_array_index (rules, i), &leaves);
  return outcome;
}

NftJsonOutcome
nft_json_walk (const NftJson *json,
               const char    *chain,
               DivertSample  *sample,
               const char    *in,
               const char    *out,
               guint16       *ret_port)
{
  Walk walk = { { json, sample, in, out }, 0 };
  const NftJsonOutcome outcome = walk_chain (&walk, chain);

  *ret_port = walk.port;
  return outcome;
}

static void
see (NftJson    *json,
     const char *kind,
     JsonObject *object)
{
  const char *name = g_str_equal (kind, "rule") ? json_object_get_string_member (object, "chain")
                     : json_object_has_member (object, "name") ? json_object_get_string_member (object, "name") : NULL;

  if (g_str_equal (kind, "chain"))
    {
      g_hash_table_insert (json->chains, (gpointer) name, object);
      g_hash_table_insert (json->rules, (gpointer) name, g_ptr_array_new ());
    }
  else if (g_str_equal (kind, "set"))
    g_hash_table_insert (json->sets, (gpointer) name, nft_json_get_array (object, "elem"));
  else if (g_str_equal (kind, "rule"))
    g_ptr_array_add (g_hash_table_lookup (json->rules, name), nft_json_get_array (object, "expr"));
}

NftJson *
nft_json_new ( void)
{
  NftJson *json = g_new0 (NftJson, 1);
  g_autofree char *text = test_output ("nft -j list table inet nm-divert");
  g_autoptr(GError) error = NULL;
  JsonArray *all;

  json->parser = json_parser_new ();
  json->chains = g_hash_table_new (g_str_hash, g_str_equal);
  json->rules = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) g_ptr_array_unref);
  json->sets = g_hash_table_new (g_str_hash, g_str_equal);
  json_parser_load_from_data (json->parser, text, -1, &error);
  g_assert_no_error (error);
  all = nft_json_get_array (json_node_get_object (json_parser_get_root (json->parser)), "nftables");
  for (guint i = 0; i < json_array_get_length (all); i++)
    {
      JsonObject *object = json_array_get_object_element (all, i);
      g_autoptr(GList) names = json_object_get_members (object);

      see (json, names->data, json_object_get_object_member (object, names->data));
    }
  return json;
}

void
nft_json_free (NftJson *json)
{
  if (json == NULL)
    return;
  g_hash_table_unref (json->rules);
  g_hash_table_unref (json->chains);
  g_hash_table_unref (json->sets);
  g_object_unref (json->parser);
  g_free (json);
}
