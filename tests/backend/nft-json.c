/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns: what the expressions of nft's JSON mean. */
#include "nft-json.h"

#include <netinet/in.h>

#include "namespace.h"

typedef struct
{
  const NftJson *json;
  DivertSample  *sample;
  const char    *in, *out;
  guint16        port;
} Walk;

/* What a match compares.  A name is a device's. */
typedef struct
{
  guint32             number;
  const DivertPrefix *address;
  const char         *name;
} Value;

/* nft's words for numbers. */
static const struct
{
  const char *word;
  guint32     number;
} words[] = {
  { "ipv4", 2 }, { "ipv6", 10 }, { "tcp", IPPROTO_TCP }, { "udp", IPPROTO_UDP }, { "icmp", IPPROTO_ICMP },
  { "ipv6-icmp", IPPROTO_ICMPV6 }, { "unicast", 1 }, { "local", 2 }, { "broadcast", 3 }, { "multicast", 5 },
  { "fin", 1 }, { "syn", 2 }, { "rst", 4 }, { "psh", 8 }, { "ack", 16 }, { "destination-unreachable", 3 },
  { "nd-neighbor-solicit", 135 }, { "nd-neighbor-advert", 136 },
};

static guint32
find_word (const char *word)
{
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_str_equal (words[i].word, word))
      return words[i].number;
  g_error ("an unknown word: %s", word);
}

static JsonArray *
get_array (JsonObject *object,
           const char *name)
{
  return json_node_get_array (json_object_get_member (object, name));
}

static gboolean
evaluate_meta (const Walk *walk,
               const char *key,
               Value      *ret_value)
{
  const DivertSample *sample = walk->sample;

  if (g_str_has_prefix (key, "iif") || g_str_has_prefix (key, "oif"))
    {
      ret_value->name = key[0] == 'i' ? walk->in : walk->out;
      return ret_value->name[0] != '\0';
    }
  if (g_str_equal (key, "nfproto"))
    ret_value->number = sample->destination.family == DIVERT_FAMILY_IPV6 ? 10 : 2;
  else if (g_str_equal (key, "l4proto"))
    ret_value->number = sample->protocol;
  else if (g_str_equal (key, "mark"))
    ret_value->number = sample->mark;
  else if (g_str_equal (key, "skgid"))
    ret_value->number = sample->gid;
  else
    g_error ("an unknown key: %s", key);
  return !g_str_equal (key, "skgid") || sample->has_socket;
}

static gboolean
evaluate_transport (const DivertSample *sample,
                    const char         *protocol,
                    const char         *field,
                    Value              *ret_value)
{
  const gboolean any = g_str_equal (protocol, "th");

  if (any ? sample->protocol != IPPROTO_TCP && sample->protocol != IPPROTO_UDP
          : sample->protocol != (g_str_equal (protocol, "icmpv6") ? IPPROTO_ICMPV6 : find_word (protocol)))
    return FALSE;
  if (g_str_equal (field, "sport"))
    ret_value->number = sample->sport;
  else if (g_str_equal (field, "dport"))
    ret_value->number = sample->dport;
  else if (g_str_equal (field, "flags"))
    ret_value->number = sample->tcp_flags;
  else if (g_str_equal (field, "type"))
    ret_value->number = sample->icmp_type;
  else
    g_error ("an unknown field: %s", field);
  return TRUE;
}

static gboolean
evaluate_payload (const Walk *walk,
                  JsonObject *payload,
                  Value      *ret_value)
{
  const char *protocol = json_object_get_string_member (payload, "protocol");
  const char *field = json_object_get_string_member (payload, "field");
  const DivertSample *sample = walk->sample;
  const gboolean is_ipv6 = g_str_equal (protocol, "ip6");

  if (!is_ipv6 && !g_str_equal (protocol, "ip"))
    return evaluate_transport (sample, protocol, field, ret_value);
  if (is_ipv6 != (sample->destination.family == DIVERT_FAMILY_IPV6))
    return FALSE;
  ret_value->address = g_str_equal (field, "saddr") ? &sample->source : &sample->destination;
  return ret_value->address == &sample->destination || sample->has_source;
}

static void
evaluate_type (const DivertSample *sample,
               JsonObject         *fib,
               Value              *ret_value)
{
  const char *what = json_array_get_string_element (get_array (fib, "flags"), 0);
  const guint bits = g_str_equal (what, "saddr") ? sample->source_type : sample->destination_type;

  ret_value->number = bits != 0 ? (guint) g_bit_nth_lsf (bits, -1) : find_word ("unicast");
}

static gboolean evaluate (const Walk *walk, JsonNode *node, Value *ret_value);

static gboolean
combine (const Walk *walk,
         const char *operator,
         JsonArray  *operands,
         Value      *ret_value)
{
  Value a = { 0 }, b = { 0 };

  if (!evaluate (walk, json_array_get_element (operands, 0), &a) ||
      !evaluate (walk, json_array_get_element (operands, 1), &b))
    return FALSE;
  ret_value->number = operator[0] == '&' ? a.number & b.number : a.number | b.number;
  return TRUE;
}

static gboolean
evaluate_object (const Walk *walk,
                 const char *name,
                 JsonNode   *node,
                 Value      *ret_value)
{
  const DivertSample *sample = walk->sample;

  if (g_str_equal (name, "&") || g_str_equal (name, "|"))
    return combine (walk, name, json_node_get_array (node), ret_value);
  if (g_str_equal (name, "meta"))
    return evaluate_meta (walk, json_object_get_string_member (json_node_get_object (node), "key"), ret_value);
  if (g_str_equal (name, "payload"))
    return evaluate_payload (walk, json_node_get_object (node), ret_value);
  if (g_str_equal (name, "fib"))
    evaluate_type (sample, json_node_get_object (node), ret_value);
  else if (g_str_equal (name, "ct"))
    ret_value->number = sample->connmark;
  else if (g_str_equal (name, "socket"))
    ret_value->number = sample->receiver == DIVERT_RECEIVER_SOMEBODY;
  else
    g_error ("an unknown expression: %s", name);
  return g_str_equal (name, "ct") ? sample->is_tracked
                                  : g_str_equal (name, "fib") || sample->receiver != DIVERT_RECEIVER_ANY;
}

/* FALSE: there is no value, and the rule ends. */
static gboolean
evaluate (const Walk *walk,
          JsonNode   *node,
          Value      *ret_value)
{
  if (JSON_NODE_HOLDS_OBJECT (node))
    {
      JsonObject *object = json_node_get_object (node);
      g_autoptr(GList) names = json_object_get_members (object);

      return evaluate_object (walk, names->data, json_object_get_member (object, names->data), ret_value);
    }
  if (JSON_NODE_HOLDS_ARRAY (node))
    {
      JsonArray *flags = json_node_get_array (node);

      for (guint i = 0; i < json_array_get_length (flags); i++)
        ret_value->number |= find_word (json_array_get_string_element (flags, i));
      return TRUE;
    }
  ret_value->number = json_node_get_value_type (node) == G_TYPE_STRING ? find_word (json_node_get_string (node))
                                                                       : json_node_get_int (node);
  return TRUE;
}

static gboolean
is_in_prefix (const DivertPrefix *address,
              JsonNode           *node)
{
  JsonObject *object = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  JsonObject *prefix = object != NULL ? json_object_get_object_member (object, "prefix") : NULL;
  g_autofree char *text = prefix == NULL ? g_strdup (json_node_get_string (node)) :
      g_strdup_printf ("%s/%d", json_object_get_string_member (prefix, "addr"),
                       (int) json_object_get_int_member (prefix, "len"));
  DivertPrefix parsed;

  g_assert_true (divert_prefix_parse (text, &parsed, NULL) || divert_address_parse (text, &parsed, NULL));
  return divert_prefix_contains (&parsed, address);
}

static gboolean is_one (const Walk *walk, const Value *value, JsonNode *right);

static gboolean
is_in_set (const Walk  *walk,
           const Value *value,
           const char  *name)
{
  JsonArray *elements = g_hash_table_lookup (walk->json->sets, name);

  g_assert_nonnull (elements);
  for (guint i = 0; i < json_array_get_length (elements); i++)
    if (is_one (walk, value, json_array_get_element (elements, i)))
      return TRUE;
  return FALSE;
}

static gboolean
is_one (const Walk  *walk,
        const Value *value,
        JsonNode    *right)
{
  const gboolean is_string = JSON_NODE_HOLDS_VALUE (right) && json_node_get_value_type (right) == G_TYPE_STRING;
  Value other = { 0 };

  if (is_string && json_node_get_string (right)[0] == '@')
    return is_in_set (walk, value, json_node_get_string (right) + 1);
  if (value->name != NULL)
    return g_str_equal (value->name, json_node_get_string (right));
  if (value->address != NULL)
    return is_in_prefix (value->address, right);
  if (JSON_NODE_HOLDS_OBJECT (right))
    {
      JsonArray *range = get_array (json_node_get_object (right), "range");

      return value->number >= json_array_get_int_element (range, 0) &&
             value->number <= json_array_get_int_element (range, 1);
    }
  return evaluate (walk, right, &other) && value->number == other.number;
}

static gboolean
matches (const Walk *walk,
         JsonObject *match)
{
  const gboolean invert = g_str_equal (json_object_get_string_member (match, "op"), "!=");
  Value left = { 0 };

  return evaluate (walk, json_object_get_member (match, "left"), &left) &&
         is_one (walk, &left, json_object_get_member (match, "right")) != invert;
}

/* FALSE: the rule ends. */
static gboolean
set_mark (const Walk *walk,
          JsonObject *mangle)
{
  JsonObject *key = json_object_get_object_member (mangle, "key");
  const gboolean is_connection = json_object_has_member (key, "ct");
  Value value = { 0 };

  if (!is_connection && !json_object_has_member (key, "meta"))
    return TRUE;
  if (!evaluate (walk, json_object_get_member (mangle, "value"), &value) ||
      (is_connection && !walk->sample->is_tracked))
    return FALSE;
  *(is_connection ? &walk->sample->connmark : &walk->sample->mark) = value.number;
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
    *ret_goes_on = matches (walk, object);
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
  GPtrArray *rules = g_hash_table_lookup (walk->json->rules, chain);
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
  Walk walk = { json, sample, in, out, 0 };
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
    g_hash_table_insert (json->sets, (gpointer) name, get_array (object, "elem"));
  else if (g_str_equal (kind, "rule"))
    g_ptr_array_add (g_hash_table_lookup (json->rules, name), get_array (object, "expr"));
}

NftJson *
nft_json_new (void)
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
  all = get_array (json_node_get_object (json_parser_get_root (json->parser)), "nftables");
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
