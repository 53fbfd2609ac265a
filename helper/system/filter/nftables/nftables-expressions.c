/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: a rule's expressions in the kernel's terms.  They are the same as nft makes from the same
 * text, so that nft can list them.
 */
#include "nftables-expressions-private.h"

#include "nftables-chains.h"

#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <string.h>

#define ICMP_PORT_UNREACHABLE 3
#define ICMPV6_PORT_UNREACHABLE 4

struct nftnl_expr *
divert_nft_add_expr (struct nftnl_rule *rule,
                     const char        *name)
{
  struct nftnl_expr *expr = nftnl_expr_alloc (name);

  g_assert (expr != NULL);
  nftnl_rule_add_expr (rule, expr);
  return expr;
}

void
divert_nft_load_meta (struct nftnl_rule *rule,
                      guint32            key)
{
  struct nftnl_expr *expr = divert_nft_add_expr (rule, "meta");

  nftnl_expr_set_u32 (expr, NFTNL_EXPR_META_KEY, key);
  nftnl_expr_set_u32 (expr, NFTNL_EXPR_META_DREG, DIVERT_NFT_REGISTER);
}

void
divert_nft_load_connmark (struct nftnl_rule *rule)
{
  struct nftnl_expr *expr = divert_nft_add_expr (rule, "ct");

  nftnl_expr_set_u32 (expr, NFTNL_EXPR_CT_KEY, NFT_CT_MARK);
  nftnl_expr_set_u32 (expr, NFTNL_EXPR_CT_DREG, DIVERT_NFT_REGISTER);
}

/* @value as in the register: ports in network order, other numbers in host order. */
DivertNftData
divert_nft_encode_number (DivertNftKey key,
                          guint32      value)
{
  DivertNftData data = { .length = sizeof value };
  const guint16 port = g_htons (value);
  guint16 type;

  switch (key)
    {
    case DIVERT_NFT_KEY_FAMILY:
    case DIVERT_NFT_KEY_PROTOCOL:
    case DIVERT_NFT_KEY_TCP_FLAGS:
    case DIVERT_NFT_KEY_ICMP_TYPE:
    case DIVERT_NFT_KEY_ICMPV6_TYPE:
    case DIVERT_NFT_KEY_WILDCARD:
      data.bytes[0] = value;
      data.length = 1;
      break;
    case DIVERT_NFT_KEY_ETHER_TYPE:
      type = g_htons (value == NFPROTO_IPV6 ? ETH_P_IPV6 : ETH_P_IP);
      memcpy (data.bytes, &type, sizeof type);
      data.length = sizeof type;
      break;
    case DIVERT_NFT_KEY_SPORT:
    case DIVERT_NFT_KEY_DPORT:
      memcpy (data.bytes, &port, sizeof port);
      data.length = sizeof port;
      break;
    default:
      memcpy (data.bytes, &value, sizeof value);
      break;
    }
  return data;
}

void
divert_nft_add_bitwise (struct nftnl_rule   *rule,
                        const DivertNftData *mask,
                        const DivertNftData *xor)
{
  struct nftnl_expr *expr = divert_nft_add_expr (rule, "bitwise");

  nftnl_expr_set_u32 (expr, NFTNL_EXPR_BITWISE_SREG, DIVERT_NFT_REGISTER);
  nftnl_expr_set_u32 (expr, NFTNL_EXPR_BITWISE_DREG, DIVERT_NFT_REGISTER);
  nftnl_expr_set_u32 (expr, NFTNL_EXPR_BITWISE_LEN, mask->length);
  nftnl_expr_set (expr, NFTNL_EXPR_BITWISE_MASK, mask->bytes, mask->length);
  nftnl_expr_set (expr, NFTNL_EXPR_BITWISE_XOR, xor->bytes, xor->length);
}

void
divert_nft_add_immediate (struct nftnl_rule   *rule,
                          const DivertNftData *data)
{
  struct nftnl_expr *expr = divert_nft_add_expr (rule, "immediate");

  nftnl_expr_set_u32 (expr, NFTNL_EXPR_IMM_DREG, DIVERT_NFT_REGISTER);
  nftnl_expr_set (expr, NFTNL_EXPR_IMM_DATA, data->bytes, data->length);
}

static void
add_port (struct nftnl_rule   *rule,
          const DivertNftExpr *expr)
{
  const DivertNftData port = divert_nft_encode_number (DIVERT_NFT_KEY_DPORT, expr->value);

  divert_nft_add_immediate (rule, &port);
}

static void
add_address (struct nftnl_rule   *rule,
             const DivertPrefix  *address)
{
  struct nftnl_expr *expr = divert_nft_add_expr (rule, "immediate");

  nftnl_expr_set_u32 (expr, NFTNL_EXPR_IMM_DREG, DIVERT_NFT_REGISTER_ADDRESS);
  nftnl_expr_set (expr, NFTNL_EXPR_IMM_DATA, address->bytes, divert_family_bytes (address->family));
}

/* Puts the new mark into the register. */
static void
make_mark (struct nftnl_rule   *rule,
           const DivertNftExpr *expr)
{
  const DivertNftData value = divert_nft_encode_number (DIVERT_NFT_KEY_MARK, expr->value);
  const DivertNftData rest = divert_nft_encode_number (DIVERT_NFT_KEY_MARK, ~expr->mask);

  if (expr->mask == G_MAXUINT32)
    {
      divert_nft_add_immediate (rule, &value);
      return;
    }
  if (expr->kind == DIVERT_NFT_SET_MARK)
    divert_nft_load_meta (rule, NFT_META_MARK);
  else
    divert_nft_load_connmark (rule);
  divert_nft_add_bitwise (rule, &rest, &value);
}

static void
add_mark (struct nftnl_rule   *rule,
          const DivertNftExpr *expr)
{
  struct nftnl_expr *set;

  make_mark (rule, expr);
  if (expr->kind == DIVERT_NFT_SET_MARK)
    {
      set = divert_nft_add_expr (rule, "meta");
      nftnl_expr_set_u32 (set, NFTNL_EXPR_META_KEY, NFT_META_MARK);
      nftnl_expr_set_u32 (set, NFTNL_EXPR_META_SREG, DIVERT_NFT_REGISTER);
      return;
    }
  set = divert_nft_add_expr (rule, "ct");
  nftnl_expr_set_u32 (set, NFTNL_EXPR_CT_KEY, NFT_CT_MARK);
  nftnl_expr_set_u32 (set, NFTNL_EXPR_CT_SREG, DIVERT_NFT_REGISTER);
}

static void
add_tproxy (struct nftnl_rule   *rule,
            const DivertNftExpr *expr)
{
  struct nftnl_expr *tproxy;

  add_port (rule, expr);
  if (expr->prefix.length > 0)
    add_address (rule, &expr->prefix);
  tproxy = divert_nft_add_expr (rule, "tproxy");
  nftnl_expr_set_u32 (tproxy, NFTNL_EXPR_TPROXY_FAMILY, expr->last);
  nftnl_expr_set_u32 (tproxy, NFTNL_EXPR_TPROXY_REG_PORT, DIVERT_NFT_REGISTER);
  if (expr->prefix.length > 0)
    nftnl_expr_set_u32 (tproxy, NFTNL_EXPR_TPROXY_REG_ADDR, DIVERT_NFT_REGISTER_ADDRESS);
}

static void
add_redirect (struct nftnl_rule   *rule,
              const DivertNftExpr *expr)
{
  struct nftnl_expr *redirect;

  add_port (rule, expr);
  redirect = divert_nft_add_expr (rule, "redir");
  nftnl_expr_set_u32 (redirect, NFTNL_EXPR_REDIR_REG_PROTO_MIN, DIVERT_NFT_REGISTER);
  nftnl_expr_set_u32 (redirect, NFTNL_EXPR_REDIR_FLAGS, NF_NAT_RANGE_PROTO_SPECIFIED);
}

static void
add_reject (struct nftnl_rule   *rule,
            const DivertNftExpr *expr)
{
  struct nftnl_expr *reject = divert_nft_add_expr (rule, "reject");
  const gboolean is_reset = expr->kind == DIVERT_NFT_RESET;
  const guint8 code = expr->family == DIVERT_FAMILY_IPV6 ? ICMPV6_PORT_UNREACHABLE : ICMP_PORT_UNREACHABLE;

  nftnl_expr_set_u32 (reject, NFTNL_EXPR_REJECT_TYPE, is_reset ? NFT_REJECT_TCP_RST : NFT_REJECT_ICMP_UNREACH);
  nftnl_expr_set_u8 (reject, NFTNL_EXPR_REJECT_CODE, is_reset ? 0 : code);
}

static void
add_verdict (struct nftnl_rule   *rule,
             const DivertNftExpr *expr)
{
  static const guint32 verdicts[] = {
    [DIVERT_NFT_ACCEPT] = NF_ACCEPT,
    [DIVERT_NFT_DROP] = NF_DROP,
    [DIVERT_NFT_JUMP] = NFT_JUMP,
    [DIVERT_NFT_GOTO] = NFT_GOTO,
    [DIVERT_NFT_RETURN] = NFT_RETURN,
  };
  struct nftnl_expr *immediate = divert_nft_add_expr (rule, "immediate");

  nftnl_expr_set_u32 (immediate, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
  nftnl_expr_set_u32 (immediate, NFTNL_EXPR_IMM_VERDICT, verdicts[expr->kind]);
  if (expr->kind == DIVERT_NFT_JUMP || expr->kind == DIVERT_NFT_GOTO)
    nftnl_expr_set_str (immediate, NFTNL_EXPR_IMM_CHAIN, divert_nft_chain_name (expr->chain));
}

void
divert_nft_encode_expr (struct nftnl_rule   *rule,
                        const DivertNftExpr *expr)
{
  static void (*const encoders[]) (struct nftnl_rule *rule, const DivertNftExpr *expr) = {
    [DIVERT_NFT_MATCH_EQUAL] = divert_nft_add_match, [DIVERT_NFT_MATCH_NOT_EQUAL] = divert_nft_add_match,
    [DIVERT_NFT_MATCH_RANGE] = divert_nft_add_match, [DIVERT_NFT_MATCH_SET] = divert_nft_add_match,
    [DIVERT_NFT_MATCH_NOT_SET] = divert_nft_add_match,
    [DIVERT_NFT_SET_MARK] = add_mark,     [DIVERT_NFT_SET_CONNMARK] = add_mark,
    [DIVERT_NFT_HIDE] = divert_nft_add_hide, [DIVERT_NFT_UNHIDE] = divert_nft_add_hide,
    [DIVERT_NFT_TPROXY] = add_tproxy,     [DIVERT_NFT_REDIRECT] = add_redirect,
    [DIVERT_NFT_RESET] = add_reject,      [DIVERT_NFT_UNREACHABLE] = add_reject,
    [DIVERT_NFT_ACCEPT] = add_verdict,    [DIVERT_NFT_DROP] = add_verdict,
    [DIVERT_NFT_JUMP] = add_verdict,      [DIVERT_NFT_GOTO] = add_verdict,
    [DIVERT_NFT_RETURN] = add_verdict,
  };

  if (expr->kind == DIVERT_NFT_COUNT)
    divert_nft_add_expr (rule, "counter");
  else
    encoders[expr->kind] (rule, expr);
}
