/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: a rule's matches in the kernel's terms: a register is loaded, masked, and compared or
 * looked up.
 */
#include "nftables-expressions-private.h"

#include <string.h>

void
divert_nft_load_payload (struct nftnl_rule *rule,
                         guint32            base,
                         guint32            offset,
                         guint32            length)
{
  struct nftnl_expr *expr = divert_nft_add_expr (rule, "payload");

  nftnl_expr_set_u32 (expr, NFTNL_EXPR_PAYLOAD_DREG, DIVERT_NFT_REGISTER);
  nftnl_expr_set_u32 (expr, NFTNL_EXPR_PAYLOAD_BASE, base);
  nftnl_expr_set_u32 (expr, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
  nftnl_expr_set_u32 (expr, NFTNL_EXPR_PAYLOAD_LEN, length);
}

static void
load_type (struct nftnl_rule *rule,
           guint32            address)
{
  struct nftnl_expr *expr = divert_nft_add_expr (rule, "fib");

  nftnl_expr_set_u32 (expr, NFTNL_EXPR_FIB_DREG, DIVERT_NFT_REGISTER);
  nftnl_expr_set_u32 (expr, NFTNL_EXPR_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
  nftnl_expr_set_u32 (expr, NFTNL_EXPR_FIB_FLAGS, address);
}

static void
load_wildcard (struct nftnl_rule *rule)
{
  struct nftnl_expr *expr = divert_nft_add_expr (rule, "socket");

  nftnl_expr_set_u32 (expr, NFTNL_EXPR_SOCKET_KEY, NFT_SOCKET_WILDCARD);
  nftnl_expr_set_u32 (expr, NFTNL_EXPR_SOCKET_DREG, DIVERT_NFT_REGISTER);
}

static void
load_cgroup (struct nftnl_rule *rule,
             guint              level)
{
  struct nftnl_expr *expr = divert_nft_add_expr (rule, "socket");

  nftnl_expr_set_u32 (expr, NFTNL_EXPR_SOCKET_KEY, NFT_SOCKET_CGROUPV2);
  nftnl_expr_set_u32 (expr, NFTNL_EXPR_SOCKET_LEVEL, level);
  nftnl_expr_set_u32 (expr, NFTNL_EXPR_SOCKET_DREG, DIVERT_NFT_REGISTER);
}

/* As many bytes as the prefix fills, or all of them if it does not end at a byte.  Three are loaded by a slower way
 * than four, which cost 50 ns less although they have to be masked. */
static guint
count_bytes (const DivertNftExpr *expr)
{
  const guint all = divert_family_bytes (expr->family), filled = expr->prefix.length / 8u;

  return divert_nft_expr_has_set (expr) || expr->prefix.length % 8 != 0 || filled == 3 ? all : filled;
}

static gboolean
needs_mask (const DivertNftExpr *expr)
{
  if (expr->key == DIVERT_NFT_KEY_SOURCE || expr->key == DIVERT_NFT_KEY_DESTINATION)
    return expr->prefix.length < count_bytes (expr) * 8;
  return expr->mask != G_MAXUINT32;
}

static void
load_address (struct nftnl_rule   *rule,
              const DivertNftExpr *expr)
{
  static const guint offsets[DIVERT_N_FAMILIES][2] = {
    [DIVERT_FAMILY_IPV4] = { 12, 16 },
    [DIVERT_FAMILY_IPV6] = { 8, 24 },
  };

  divert_nft_load_payload (rule, NFT_PAYLOAD_NETWORK_HEADER,
                           offsets[expr->family][expr->key == DIVERT_NFT_KEY_DESTINATION], count_bytes (expr));
}

static void
load (struct nftnl_rule   *rule,
      const DivertNftExpr *expr)
{
  static const guint32 meta[] = {
    [DIVERT_NFT_KEY_IN_INDEX] = NFT_META_IIF,      [DIVERT_NFT_KEY_OUT_INDEX] = NFT_META_OIF,
    [DIVERT_NFT_KEY_IN_NAME] = NFT_META_IIFNAME,   [DIVERT_NFT_KEY_OUT_NAME] = NFT_META_OIFNAME,
    [DIVERT_NFT_KEY_FAMILY] = NFT_META_NFPROTO,    [DIVERT_NFT_KEY_ETHER_TYPE] = NFT_META_PROTOCOL,
    [DIVERT_NFT_KEY_MARK] = NFT_META_MARK,
    [DIVERT_NFT_KEY_PROTOCOL] = NFT_META_L4PROTO,  [DIVERT_NFT_KEY_GID] = NFT_META_SKGID,
  };

  switch (expr->key)
    {
    case DIVERT_NFT_KEY_SOURCE:
    case DIVERT_NFT_KEY_DESTINATION:
      load_address (rule, expr);
      break;
    case DIVERT_NFT_KEY_MAC:
      divert_nft_load_payload (rule, NFT_PAYLOAD_LL_HEADER, 6, sizeof expr->mac);
      break;
    case DIVERT_NFT_KEY_CONNMARK:
      divert_nft_load_connmark (rule);
      break;
    case DIVERT_NFT_KEY_SPORT:
    case DIVERT_NFT_KEY_DPORT:
      divert_nft_load_payload (rule, NFT_PAYLOAD_TRANSPORT_HEADER, expr->key == DIVERT_NFT_KEY_DPORT ? 2 : 0, 2);
      break;
    case DIVERT_NFT_KEY_TCP_FLAGS:
      divert_nft_load_payload (rule, NFT_PAYLOAD_TRANSPORT_HEADER, 13, 1);
      break;
    case DIVERT_NFT_KEY_ICMP_TYPE:
    case DIVERT_NFT_KEY_ICMPV6_TYPE:
      divert_nft_load_payload (rule, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1);
      break;
    case DIVERT_NFT_KEY_SOURCE_TYPE:
    case DIVERT_NFT_KEY_DESTINATION_TYPE:
      load_type (rule, expr->key == DIVERT_NFT_KEY_SOURCE_TYPE ? NFTA_FIB_F_SADDR : NFTA_FIB_F_DADDR);
      break;
    case DIVERT_NFT_KEY_WILDCARD:
      load_wildcard (rule);
      break;
    case DIVERT_NFT_KEY_CGROUP:
      load_cgroup (rule, expr->value);
      break;
    case DIVERT_NFT_KEY_IN_INDEX:
    case DIVERT_NFT_KEY_OUT_INDEX:
    case DIVERT_NFT_KEY_IN_NAME:
    case DIVERT_NFT_KEY_OUT_NAME:
    case DIVERT_NFT_KEY_FAMILY:
    case DIVERT_NFT_KEY_ETHER_TYPE:
    case DIVERT_NFT_KEY_MARK:
    case DIVERT_NFT_KEY_PROTOCOL:
    case DIVERT_NFT_KEY_GID:
    default:
      divert_nft_load_meta (rule, meta[expr->key]);
      break;
    }
}

static DivertNftData
encode_value (const DivertNftExpr *expr)
{
  DivertNftData data = { .length = sizeof data.bytes };

  switch (expr->key)
    {
    case DIVERT_NFT_KEY_IN_NAME:
    case DIVERT_NFT_KEY_OUT_NAME:
      g_strlcpy ((char *) data.bytes, expr->name, sizeof data.bytes);
      return data;
    case DIVERT_NFT_KEY_SOURCE:
    case DIVERT_NFT_KEY_DESTINATION:
      data.length = count_bytes (expr);
      memcpy (data.bytes, expr->prefix.bytes, data.length);
      return data;
    case DIVERT_NFT_KEY_MAC:
      data.length = sizeof expr->mac;
      memcpy (data.bytes, &expr->mac, data.length);
      return data;
    case DIVERT_NFT_KEY_CGROUP:
      data.length = sizeof expr->cgroup;
      memcpy (data.bytes, &expr->cgroup, data.length);
      return data;
    default:
      return divert_nft_encode_number (expr->key, expr->value);
    }
}

static void
add_mask (struct nftnl_rule   *rule,
          const DivertNftExpr *expr)
{
  DivertNftData mask = divert_nft_encode_number (expr->key, expr->mask), nothing = { .length = mask.length };
  const gboolean is_address = expr->key == DIVERT_NFT_KEY_SOURCE || expr->key == DIVERT_NFT_KEY_DESTINATION;

  if (!needs_mask (expr))
    return;
  if (is_address)
    {
      mask = (DivertNftData) { .length = count_bytes (expr) };
      for (guint bit = 0; bit < expr->prefix.length; bit++)
        mask.bytes[bit / 8] |= 0x80 >> bit % 8;
      nothing.length = mask.length;
    }
  divert_nft_add_bitwise (rule, &mask, &nothing);
}

static void
add_comparison (struct nftnl_rule   *rule,
                const DivertNftExpr *expr)
{
  struct nftnl_expr *comparison = divert_nft_add_expr (rule, "cmp");
  const DivertNftData data = encode_value (expr);

  nftnl_expr_set_u32 (comparison, NFTNL_EXPR_CMP_SREG, DIVERT_NFT_REGISTER);
  nftnl_expr_set_u32 (comparison, NFTNL_EXPR_CMP_OP, expr->kind == DIVERT_NFT_MATCH_EQUAL ? NFT_CMP_EQ : NFT_CMP_NEQ);
  nftnl_expr_set (comparison, NFTNL_EXPR_CMP_DATA, data.bytes, data.length);
}

static void
add_range (struct nftnl_rule   *rule,
           const DivertNftExpr *expr)
{
  const guint32 operators[] = { NFT_CMP_GTE, NFT_CMP_LTE };
  const guint32 ends[] = { expr->value, expr->last };

  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    {
      struct nftnl_expr *comparison = divert_nft_add_expr (rule, "cmp");
      const DivertNftData data = divert_nft_encode_number (expr->key, ends[i]);

      nftnl_expr_set_u32 (comparison, NFTNL_EXPR_CMP_SREG, DIVERT_NFT_REGISTER);
      nftnl_expr_set_u32 (comparison, NFTNL_EXPR_CMP_OP, operators[i]);
      nftnl_expr_set (comparison, NFTNL_EXPR_CMP_DATA, data.bytes, data.length);
    }
}

static void
add_lookup (struct nftnl_rule   *rule,
            const DivertNftExpr *expr)
{
  struct nftnl_expr *lookup = divert_nft_add_expr (rule, "lookup");

  nftnl_expr_set_u32 (lookup, NFTNL_EXPR_LOOKUP_SREG, DIVERT_NFT_REGISTER);
  nftnl_expr_set_str (lookup, NFTNL_EXPR_LOOKUP_SET, expr->name);
  if (expr->kind == DIVERT_NFT_MATCH_NOT_SET)
    nftnl_expr_set_u32 (lookup, NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
}

void
divert_nft_add_match (struct nftnl_rule   *rule,
                      const DivertNftExpr *expr)
{
  load (rule, expr);
  add_mask (rule, expr);
  if (divert_nft_expr_has_set (expr))
    add_lookup (rule, expr);
  else if (expr->kind == DIVERT_NFT_MATCH_RANGE)
    add_range (rule, expr);
  else
    add_comparison (rule, expr);
}
