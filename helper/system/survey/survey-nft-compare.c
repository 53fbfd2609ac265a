/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the conditions of a rule of nftables that we can judge.  Any other is one more.
 */
#include "survey-nft-register.h"

#include <libnftnl/expr.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

static void
compare_device (struct nftnl_expr *expr,
                gboolean           by_name,
                gboolean           invert,
                char               ret_name[16],
                gboolean          *ret_invert)
{
  guint32 length = 0;
  const char *data = nftnl_expr_get (expr, NFTNL_EXPR_CMP_DATA, &length);

  *ret_invert = invert;
  if (!by_name)
    {
      if (if_indextoname (divert_survey_first_word (expr, NFTNL_EXPR_CMP_DATA), ret_name) == NULL)
        g_strlcpy (ret_name, "?", 16);
      return;
    }
  memset (ret_name, 0, 16);
  if (data != NULL)
    memcpy (ret_name, data, MIN (length, 15));
  /* Without its end the name is a prefix. */
  if (length < 15 && (length == 0 || data[length - 1] != '\0'))
    ret_name[MIN (length, 14)] = '*';
}

static gboolean
is_for_loopback6 (const DivertSurveyRegister *source,
                  struct nftnl_expr          *expr,
                  gboolean                    invert)
{
  guint32 length = 0;
  gconstpointer data = nftnl_expr_get (expr, NFTNL_EXPR_CMP_DATA, &length);

  return data != NULL && length <= sizeof source->loopback6 &&
         (memcmp (source->loopback6, data, length) == 0) != invert;
}

void
divert_survey_see_compare (DivertSurveyRegisters *registers,
                           struct nftnl_expr     *expr,
                           DivertSurveyRule      *rule)
{
  const DivertSurveyRegister *source = divert_survey_register (registers, expr, NFTNL_EXPR_CMP_SREG);
  const guint32 operator = nftnl_expr_get_u32 (expr, NFTNL_EXPR_CMP_OP);
  const guint32 word = divert_survey_first_word (expr, NFTNL_EXPR_CMP_DATA);
  const gboolean invert = operator == NFT_CMP_NEQ;

  if (source->from == DIVERT_FROM_FAMILY)
    return;
  if (source->from == DIVERT_FROM_REVERSE_PATH)
    rule->reverse_path = TRUE;
  else if (source->from == DIVERT_FROM_SENDER_TYPE && invert && word == RTN_LOCAL)
    rule->foreign_sender = rule->has_more = TRUE;
  else if (operator != NFT_CMP_EQ && operator != NFT_CMP_NEQ)
    rule->has_more = TRUE;
  else if (source->from == DIVERT_FROM_DESTINATION6 && is_for_loopback6 (source, expr, invert))
    rule->to_loopback6 = TRUE;
  else if (source->from == DIVERT_FROM_MARK && source->xor == 0 && !rule->mark_match.has)
    rule->mark_match = (DivertMarkMatch) { TRUE, invert, word, source->and };
  else if ((source->from == DIVERT_FROM_IIFNAME || source->from == DIVERT_FROM_IIF) && rule->in_interface[0] == '\0')
    compare_device (expr, source->from == DIVERT_FROM_IIFNAME, invert, rule->in_interface, &rule->in_invert);
  else if ((source->from == DIVERT_FROM_OIFNAME || source->from == DIVERT_FROM_OIF) && rule->out_interface[0] == '\0')
    compare_device (expr, source->from == DIVERT_FROM_OIFNAME, invert, rule->out_interface, &rule->out_invert);
  else if (source->from == DIVERT_FROM_PROTOCOL && !invert && rule->protocol == 0)
    rule->protocol = word & 0xff;
  else
    rule->has_more = TRUE;
}
