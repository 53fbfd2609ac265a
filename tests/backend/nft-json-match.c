/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns: what the matches of nft's JSON mean. */
#include <netinet/in.h>

#include "nft-json-private.h"

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

JsonArray *
nft_json_get_array (JsonObject *object,
                    const char *name)
{
  return json_node_get_array (json_object_get_member (object, name));
}

static gboolean
evaluate_meta (const NftJsonPacket *packet,
               const char          *key,
               NftJsonValue        *ret_value)
{
  const DivertSample *sample = packet->sample;

  if (g_str_has_prefix (key, "iif") || g_str_has_prefix (key, "oif"))
    {
      ret_value->name = key[0] == 'i' ? packet->in : packet->out;
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
                    NftJsonValue       *ret_value)
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
evaluate_payload (const NftJsonPacket *packet,
                  JsonObject          *payload,
                  NftJsonValue        *ret_value)
{
  const char *protocol, *field;
  const DivertSample *sample = packet->sample;
  gboolean is_ipv6;

  /* The first byte of an IPv4 header, here or in an error's quote.  No sample has options. */
  if (json_object_has_member (payload, "base"))
    {
      ret_value->number = 0x45;
      return TRUE;
    }
  protocol = json_object_get_string_member (payload, "protocol");
  field = json_object_get_string_member (payload, "field");
  is_ipv6 = g_str_equal (protocol, "ip6");
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
               NftJsonValue       *ret_value)
{
  const char *what = json_array_get_string_element (nft_json_get_array (fib, "flags"), 0);
  const guint bits = g_str_equal (what, "saddr") ? sample->source_type : sample->destination_type;

  ret_value->number = bits != 0 ? (guint) g_bit_nth_lsf (bits, -1) : find_word ("unicast");
}

static void
mask_address (const DivertPrefix *address,
              const char         *mask_text,
              NftJsonValue       *ret_value)
{
  DivertPrefix mask;

  g_assert_true (divert_address_parse (mask_text, &mask, NULL));
  g_assert_cmpint (mask.family, ==, address->family);
  ret_value->masked = *address;
  for (guint i = 0; i < sizeof mask.bytes; i++)
    ret_value->masked.bytes[i] &= mask.bytes[i];
  ret_value->address = &ret_value->masked;
}

static gboolean
combine (const NftJsonPacket *packet,
         const char          *operator,
         JsonArray           *operands,
         NftJsonValue        *ret_value)
{
  NftJsonValue a = { 0 };

  if (!nft_json_evaluate (packet, json_array_get_element (operands, 0), &a))
    return FALSE;
  if (a.address != NULL)
    {
      mask_address (a.address, json_array_get_string_element (operands, 1), ret_value);
      return TRUE;
    }
  /* nft 1.1 puts all operands of "a | b | c" into one array. */
  for (guint i = 1; i < json_array_get_length (operands); i++)
    {
      NftJsonValue b = { 0 };

      if (!nft_json_evaluate (packet, json_array_get_element (operands, i), &b))
        return FALSE;
      a.number = operator[0] == '&' ? a.number & b.number : a.number | b.number;
    }
  ret_value->number = a.number;
  return TRUE;
}

static gboolean
evaluate_object (const NftJsonPacket *packet,
                 const char          *name,
                 JsonNode            *node,
                 NftJsonValue        *ret_value)
{
  const DivertSample *sample = packet->sample;

  if (g_str_equal (name, "&") || g_str_equal (name, "|"))
    return combine (packet, name, json_node_get_array (node), ret_value);
  if (g_str_equal (name, "meta"))
    return evaluate_meta (packet, json_object_get_string_member (json_node_get_object (node), "key"), ret_value);
  if (g_str_equal (name, "payload"))
    return evaluate_payload (packet, json_node_get_object (node), ret_value);
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

gboolean
nft_json_evaluate (const NftJsonPacket *packet,
                   JsonNode            *node,
                   NftJsonValue        *ret_value)
{
  if (JSON_NODE_HOLDS_OBJECT (node))
    {
      JsonObject *object = json_node_get_object (node);
      g_autoptr(GList) names = json_object_get_members (object);

      return evaluate_object (packet, names->data, json_object_get_member (object, names->data), ret_value);
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

static gboolean is_one (const NftJsonPacket *packet, const NftJsonValue *value, JsonNode *right);

static gboolean
is_in_set (const NftJsonPacket *packet,
           const NftJsonValue  *value,
           const char          *name)
{
  JsonArray *elements = g_hash_table_lookup (packet->json->sets, name);

  g_assert_nonnull (elements);
  for (guint i = 0; i < json_array_get_length (elements); i++)
    if (is_one (packet, value, json_array_get_element (elements, i)))
      return TRUE;
  return FALSE;
}

static gboolean
is_one (const NftJsonPacket *packet,
        const NftJsonValue  *value,
        JsonNode            *right)
{
  const gboolean is_string = JSON_NODE_HOLDS_VALUE (right) && json_node_get_value_type (right) == G_TYPE_STRING;
  NftJsonValue other = { 0 };

  if (is_string && json_node_get_string (right)[0] == '@')
    return is_in_set (packet, value, json_node_get_string (right) + 1);
  if (value->name != NULL)
    return g_str_equal (value->name, json_node_get_string (right));
  if (value->address != NULL)
    return is_in_prefix (value->address, right);
  if (JSON_NODE_HOLDS_OBJECT (right))
    {
      JsonArray *range = nft_json_get_array (json_node_get_object (right), "range");

      return value->number >= json_array_get_int_element (range, 0) &&
             value->number <= json_array_get_int_element (range, 1);
    }
  return nft_json_evaluate (packet, right, &other) && value->number == other.number;
}

gboolean
nft_json_matches (const NftJsonPacket *packet,
                  JsonObject          *match)
{
  const gboolean invert = g_str_equal (json_object_get_string_member (match, "op"), "!=");
  NftJsonValue left = { 0 };

  return nft_json_evaluate (packet, json_object_get_member (match, "left"), &left) &&
         is_one (packet, &left, json_object_get_member (match, "right")) != invert;
}
