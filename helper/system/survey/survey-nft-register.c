/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: where the values in a rule's registers came from (the theory of operation is at the head of survey-nft-rule.c).
 */
#include "survey-nft-register.h"

#include <libnftnl/expr.h>
#include <linux/netfilter/nf_tables.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <string.h>

DivertSurveyRegister *
divert_survey_register (DivertSurveyRegisters *registers,
                        struct nftnl_expr     *expr,
                        guint                  attribute)
{
  const guint32 i = nftnl_expr_get_u32 (expr, attribute);

  return &registers->at[MIN (i, DIVERT_SURVEY_N_REGISTERS)];
}

guint32
divert_survey_first_word (struct nftnl_expr *expr,
                          guint              attribute)
{
  guint32 length = 0, word = 0;
  gconstpointer data = nftnl_expr_get (expr, attribute, &length);

  if (data != NULL)
    memcpy (&word, data, MIN (length, sizeof word));
  return word;
}

/* As the kernel would do it to a packet for ::1. */
static void
mask_destination (DivertSurveyRegister       *target,
                  const DivertSurveyRegister *source,
                  struct nftnl_expr          *expr)
{
  guint32 mask_length = 0, xor_length = 0;
  const guint8 *mask = nftnl_expr_get (expr, NFTNL_EXPR_BITWISE_MASK, &mask_length);
  const guint8 *xor = nftnl_expr_get (expr, NFTNL_EXPR_BITWISE_XOR, &xor_length);

  if (mask == NULL || xor == NULL)
    return;
  target->from = DIVERT_FROM_DESTINATION6;
  for (guint i = 0; i < MIN (MIN (mask_length, xor_length), sizeof target->loopback6); i++)
    target->loopback6[i] = (source->loopback6[i] & mask[i]) ^ xor[i];
}

/* iptables-nft of Debian 13 asks for a protocol of IPv4 in this way, and for one of IPv6 as nft does, by meta. */
static gboolean
is_protocol4 (guint32        offset,
              guint32        length,
              DivertFamilies families)
{
  return families == DIVERT_FAMILIES_IPV4 && offset == offsetof (struct iphdr, protocol) && length == 1;
}

void
divert_survey_see_payload (DivertSurveyRegisters *registers,
                           struct nftnl_expr     *expr,
                           DivertFamilies         families)
{
  const guint32 offset = nftnl_expr_get_u32 (expr, NFTNL_EXPR_PAYLOAD_OFFSET);
  const guint32 length = nftnl_expr_get_u32 (expr, NFTNL_EXPR_PAYLOAD_LEN);
  DivertSurveyRegister *target;

  if (!nftnl_expr_is_set (expr, NFTNL_EXPR_PAYLOAD_DREG))
    return;
  target = divert_survey_register (registers, expr, NFTNL_EXPR_PAYLOAD_DREG);
  *target = (DivertSurveyRegister) { 0 };
  if (nftnl_expr_get_u32 (expr, NFTNL_EXPR_PAYLOAD_BASE) != NFT_PAYLOAD_NETWORK_HEADER)
    return;
  if (is_protocol4 (offset, length, families))
    target->from = DIVERT_FROM_PROTOCOL;
  else if (offset == offsetof (struct ip6_hdr, ip6_dst) && length <= sizeof target->loopback6)
    {
      target->from = DIVERT_FROM_DESTINATION6;
      memcpy (target->loopback6, &in6addr_loopback, length);
    }
}

void
divert_survey_see_bitwise (DivertSurveyRegisters *registers,
                           struct nftnl_expr     *expr)
{
  const DivertSurveyRegister source = *divert_survey_register (registers, expr, NFTNL_EXPR_BITWISE_SREG);
  DivertSurveyRegister *target = divert_survey_register (registers, expr, NFTNL_EXPR_BITWISE_DREG);
  const guint32 mask = divert_survey_first_word (expr, NFTNL_EXPR_BITWISE_MASK);
  const guint32 xor = divert_survey_first_word (expr, NFTNL_EXPR_BITWISE_XOR);

  *target = (DivertSurveyRegister) { 0 };
  if (nftnl_expr_is_set (expr, NFTNL_EXPR_BITWISE_OP) && nftnl_expr_get_u32 (expr, NFTNL_EXPR_BITWISE_OP) != 0)
    return;
  if (source.from == DIVERT_FROM_DESTINATION6)
    mask_destination (target, &source, expr);
  if (source.from != DIVERT_FROM_MARK && source.from != DIVERT_FROM_CONNMARK)
    return;
  *target = (DivertSurveyRegister) { .from = source.from, .and = source.and & mask, .xor = (source.xor & mask) ^ xor };
}

void
divert_survey_see_fib (DivertSurveyRegisters *registers,
                       struct nftnl_expr     *expr)
{
  const guint32 flags = nftnl_expr_get_u32 (expr, NFTNL_EXPR_FIB_FLAGS);
  const gboolean sender = (flags & NFTA_FIB_F_SADDR) != 0, reverse = sender && (flags & NFTA_FIB_F_IIF) != 0;
  const gboolean type = sender && nftnl_expr_get_u32 (expr, NFTNL_EXPR_FIB_RESULT) == NFT_FIB_RESULT_ADDRTYPE;

  *divert_survey_register (registers, expr, NFTNL_EXPR_FIB_DREG) = (DivertSurveyRegister) {
    .from = reverse ? DIVERT_FROM_REVERSE_PATH : type ? DIVERT_FROM_SENDER_TYPE : DIVERT_FROM_UNKNOWN,
  };
}
