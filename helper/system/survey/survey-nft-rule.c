/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: what a rule of nftables does, and those of its conditions that we can judge.
 *
 * Theory of operation.  A rule is a list of expressions that work on registers.  Follow it, and remember for each
 * register where its value came from: a constant, or a field of the packet after "and" and "xor".  An expression that
 * is not known here may be a condition, so the rule then has more.
 */
#include "survey-private.h"
#include "system/netlink/netlink.h"

#include <stdio.h>

#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <net/if.h>
#include <string.h>

#define N_REGISTERS (NFT_REG32_15 + 1)

typedef enum
{
  FROM_UNKNOWN,
  FROM_CONSTANT,
  FROM_MARK,
  FROM_CONNMARK,
  FROM_IIFNAME,
  FROM_OIFNAME,
  FROM_IIF,
  FROM_OIF,
  FROM_PROTOCOL,
  FROM_FAMILY,
  FROM_REVERSE_PATH,
} From;

typedef struct
{
  From    from;
  guint32 and, xor;  /* of marks */
  guint32 constant;  /* the first four bytes, in host order as the kernel has them */
} Register;

typedef struct
{
  DivertSurvey     *survey;
  DivertSurveyRule  rule;    /* the conditions so far */
  Register          registers[N_REGISTERS + 1];
} Walk;

/* The last one is nobody's. */
static Register *
get_register (Walk              *walk,
              struct nftnl_expr *expr,
              guint              attribute)
{
  const guint32 i = nftnl_expr_get_u32 (expr, attribute);

  return &walk->registers[MIN (i, N_REGISTERS)];
}

static void
emit (Walk         *walk,
      DivertEffect  effect)
{
  walk->rule.effect = effect;
  divert_survey_add_rule (walk->survey, &walk->rule);
}

static void
emit_mark (Walk         *walk,
           DivertEffect  effect,
           guint32       value,
           guint32       mask)
{
  walk->rule.value = value;
  walk->rule.mask = mask;
  emit (walk, effect);
}

/* The packet's or the connection's mark becomes what @source holds.  @self is the mark that is written. */
static void
set_mark (Walk           *walk,
          const Register *source,
          From            self)
{
  const gboolean is_packet = self == FROM_MARK;
  const DivertEffect set = is_packet ? DIVERT_EFFECT_MARK : DIVERT_EFFECT_CONNMARK;

  if (source->from == FROM_CONSTANT)
    emit_mark (walk, set, source->constant, G_MAXUINT32);
  else if (source->from == self)
    emit_mark (walk, set, source->xor, ~source->and | source->xor);
  else if (source->from == FROM_MARK || source->from == FROM_CONNMARK)
    emit_mark (walk, is_packet ? DIVERT_EFFECT_RESTORE_MARK : DIVERT_EFFECT_SAVE_MARK, 0, source->and);
  /* It comes from a map, or is computed.  It may be anything. */
  else
    emit_mark (walk, set, 0, G_MAXUINT32);
}

static void
see_meta (Walk              *walk,
          struct nftnl_expr *expr)
{
  static const struct { guint32 key; From from; } keys[] = {
    { NFT_META_MARK, FROM_MARK }, { NFT_META_IIFNAME, FROM_IIFNAME }, { NFT_META_OIFNAME, FROM_OIFNAME },
    { NFT_META_IIF, FROM_IIF }, { NFT_META_OIF, FROM_OIF }, { NFT_META_L4PROTO, FROM_PROTOCOL },
    { NFT_META_NFPROTO, FROM_FAMILY },
  };
  const guint32 key = nftnl_expr_get_u32 (expr, NFTNL_EXPR_META_KEY);
  Register *target;

  if (nftnl_expr_is_set (expr, NFTNL_EXPR_META_SREG))
    {
      if (key == NFT_META_MARK)
        set_mark (walk, get_register (walk, expr, NFTNL_EXPR_META_SREG), FROM_MARK);
      return;
    }
  target = get_register (walk, expr, NFTNL_EXPR_META_DREG);
  *target = (Register) { .and = G_MAXUINT32 };
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (keys[i].key == key)
      target->from = keys[i].from;
}

static void
see_ct (Walk              *walk,
        struct nftnl_expr *expr)
{
  const gboolean is_mark = nftnl_expr_get_u32 (expr, NFTNL_EXPR_CT_KEY) == NFT_CT_MARK;

  if (!nftnl_expr_is_set (expr, NFTNL_EXPR_CT_SREG))
    *get_register (walk, expr, NFTNL_EXPR_CT_DREG) = (Register) { .from = is_mark ? FROM_CONNMARK : FROM_UNKNOWN,
                                                                  .and = G_MAXUINT32 };
  else if (is_mark)
    set_mark (walk, get_register (walk, expr, NFTNL_EXPR_CT_SREG), FROM_CONNMARK);
}

static guint32
first_word (struct nftnl_expr *expr,
            guint              attribute)
{
  guint32 length = 0, word = 0;
  gconstpointer data = nftnl_expr_get (expr, attribute, &length);

  if (data != NULL)
    memcpy (&word, data, MIN (length, sizeof word));
  return word;
}

static void
see_bitwise (Walk              *walk,
             struct nftnl_expr *expr)
{
  const Register source = *get_register (walk, expr, NFTNL_EXPR_BITWISE_SREG);
  Register *target = get_register (walk, expr, NFTNL_EXPR_BITWISE_DREG);
  const guint32 mask = first_word (expr, NFTNL_EXPR_BITWISE_MASK), xor = first_word (expr, NFTNL_EXPR_BITWISE_XOR);

  *target = (Register) { 0 };
  if (source.from != FROM_MARK && source.from != FROM_CONNMARK)
    return;
  if (nftnl_expr_is_set (expr, NFTNL_EXPR_BITWISE_OP) && nftnl_expr_get_u32 (expr, NFTNL_EXPR_BITWISE_OP) != 0)
    return;
  *target = (Register) { .from = source.from, .and = source.and & mask, .xor = (source.xor & mask) ^ xor };
}

static void
see_verdict (Walk              *walk,
             struct nftnl_expr *expr)
{
  switch ((int) nftnl_expr_get_u32 (expr, NFTNL_EXPR_IMM_VERDICT))
    {
    case NFT_JUMP:
    case NFT_GOTO:
      walk->rule.to = nftnl_expr_get_str (expr, NFTNL_EXPR_IMM_CHAIN);
      if (walk->rule.to != NULL)
        emit (walk, DIVERT_EFFECT_JUMP);
      break;
    case NFT_RETURN:
      emit (walk, DIVERT_EFFECT_RETURN);
      break;
    case NF_ACCEPT:
      emit (walk, DIVERT_EFFECT_ACCEPT);
      break;
    case NF_DROP:
      emit (walk, DIVERT_EFFECT_DROP);
      break;
    default:
      break;
    }
}

static void
see_immediate (Walk              *walk,
               struct nftnl_expr *expr)
{
  if (nftnl_expr_get_u32 (expr, NFTNL_EXPR_IMM_DREG) == NFT_REG_VERDICT)
    see_verdict (walk, expr);
  else
    *get_register (walk, expr, NFTNL_EXPR_IMM_DREG) =
      (Register) { .from = FROM_CONSTANT, .constant = first_word (expr, NFTNL_EXPR_IMM_DATA) };
}

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
      if (if_indextoname (first_word (expr, NFTNL_EXPR_CMP_DATA), ret_name) == NULL)
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

static void
see_compare (Walk              *walk,
             struct nftnl_expr *expr)
{
  const Register *source = get_register (walk, expr, NFTNL_EXPR_CMP_SREG);
  const guint32 operator = nftnl_expr_get_u32 (expr, NFTNL_EXPR_CMP_OP), word = first_word (expr, NFTNL_EXPR_CMP_DATA);
  const gboolean invert = operator == NFT_CMP_NEQ;
  DivertSurveyRule *rule = &walk->rule;

  if (source->from == FROM_FAMILY)
    return;
  if (source->from == FROM_REVERSE_PATH)
    rule->reverse_path = TRUE;
  else if (operator != NFT_CMP_EQ && operator != NFT_CMP_NEQ)
    rule->has_more = TRUE;
  else if (source->from == FROM_MARK && source->xor == 0 && !rule->mark_match.has)
    rule->mark_match = (DivertMarkMatch) { TRUE, invert, word, source->and };
  else if ((source->from == FROM_IIFNAME || source->from == FROM_IIF) && rule->in_interface[0] == '\0')
    compare_device (expr, source->from == FROM_IIFNAME, invert, rule->in_interface, &rule->in_invert);
  else if ((source->from == FROM_OIFNAME || source->from == FROM_OIF) && rule->out_interface[0] == '\0')
    compare_device (expr, source->from == FROM_OIFNAME, invert, rule->out_interface, &rule->out_invert);
  else if (source->from == FROM_PROTOCOL && !invert && rule->protocol == 0)
    rule->protocol = word & 0xff;
  else
    rule->has_more = TRUE;
}

static guint16
get_port (Walk              *walk,
          struct nftnl_expr *expr,
          guint              attribute)
{
  guint16 port;

  if (!nftnl_expr_is_set (expr, attribute))
    return 0;
  memcpy (&port, &get_register (walk, expr, attribute)->constant, sizeof port);
  return GUINT16_FROM_BE (port);
}

static void
see_fib (Walk              *walk,
         struct nftnl_expr *expr)
{
  const guint32 flags = nftnl_expr_get_u32 (expr, NFTNL_EXPR_FIB_FLAGS);
  const gboolean reverse = (flags & NFTA_FIB_F_SADDR) != 0 && (flags & NFTA_FIB_F_IIF) != 0;

  *get_register (walk, expr, NFTNL_EXPR_FIB_DREG) = (Register) { .from = reverse ? FROM_REVERSE_PATH : FROM_UNKNOWN };
}

static void
see_lookup (Walk              *walk,
            struct nftnl_expr *expr)
{
  const Register *source = get_register (walk, expr, NFTNL_EXPR_LOOKUP_SREG);

  if (nftnl_expr_is_set (expr, NFTNL_EXPR_LOOKUP_DREG))
    {
      if (nftnl_expr_get_u32 (expr, NFTNL_EXPR_LOOKUP_DREG) == NFT_REG_VERDICT)
        emit (walk, DIVERT_EFFECT_MAP);
      else
        *get_register (walk, expr, NFTNL_EXPR_LOOKUP_DREG) = (Register) { 0 };
    }
  walk->rule.has_more = TRUE;
  walk->rule.device_set |= source->from == FROM_IIFNAME || source->from == FROM_IIF || source->from == FROM_MARK;
}

static void
see_compatible (Walk              *walk,
                struct nftnl_expr *expr,
                gboolean           is_match)
{
  const DivertSurveyChain *chain = divert_survey_get_chain (walk->survey, walk->rule.chain);
  const DivertFamily family = chain->families == DIVERT_FAMILIES_IPV6 ? DIVERT_FAMILY_IPV6 : DIVERT_FAMILY_IPV4;
  const char *name = nftnl_expr_get_str (expr, is_match ? NFTNL_EXPR_MT_NAME : NFTNL_EXPR_TG_NAME);
  const guint32 revision = nftnl_expr_get_u32 (expr, is_match ? NFTNL_EXPR_MT_REV : NFTNL_EXPR_TG_REV);
  guint32 size = 0;
  gconstpointer data = nftnl_expr_get (expr, is_match ? NFTNL_EXPR_MT_INFO : NFTNL_EXPR_TG_INFO, &size);

  if (name == NULL || data == NULL)
    return;
  if (is_match)
    divert_survey_see_match (&walk->rule, name, revision, data, size);
  else if (divert_survey_see_target (&walk->rule, family, name, revision, data, size))
    emit (walk, walk->rule.effect);
}

static int
see_expression (struct nftnl_expr *expr,
                void              *data)
{
  const char *name = nftnl_expr_get_str (expr, NFTNL_EXPR_NAME);
  Walk *walk = data;

  if (g_str_equal (name, "meta"))
    see_meta (walk, expr);
  else if (g_str_equal (name, "ct"))
    see_ct (walk, expr);
  else if (g_str_equal (name, "bitwise"))
    see_bitwise (walk, expr);
  else if (g_str_equal (name, "immediate"))
    see_immediate (walk, expr);
  else if (g_str_equal (name, "cmp"))
    see_compare (walk, expr);
  else if (g_str_equal (name, "fib"))
    see_fib (walk, expr);
  else if (g_str_equal (name, "lookup"))
    see_lookup (walk, expr);
  else if (g_str_equal (name, "match") || g_str_equal (name, "target"))
    see_compatible (walk, expr, name[0] == 'm');
  else if (g_str_equal (name, "tproxy"))
    {
      walk->rule.port = get_port (walk, expr, NFTNL_EXPR_TPROXY_REG_PORT);
      emit (walk, DIVERT_EFFECT_TPROXY);
    }
  else if (g_str_equal (name, "redir"))
    {
      walk->rule.port = get_port (walk, expr, NFTNL_EXPR_REDIR_REG_PROTO_MIN);
      emit (walk, DIVERT_EFFECT_REDIRECT);
    }
  else if (g_str_equal (name, "notrack"))
    emit (walk, DIVERT_EFFECT_UNTRACK);
  else if (g_str_equal (name, "reject"))
    emit (walk, DIVERT_EFFECT_DROP);
  /* What is not known, such as the payload that is loaded here, counts as one condition more where it is compared. */
  else if (g_str_equal (name, "payload"))
    *get_register (walk, expr, NFTNL_EXPR_PAYLOAD_DREG) = (Register) { 0 };
  else if (!g_str_equal (name, "counter") && !g_str_equal (name, "log"))
    walk->rule.has_more = TRUE;
  return 0;
}

/* FALSE: the library does not know one of its expressions. */
static gboolean
walk_rule (Walk                  *walk,
           const struct nlmsghdr *header)
{
  struct nftnl_rule *rule = nftnl_rule_alloc ();
  const gboolean parsed = nftnl_rule_nlmsg_parse (header, rule) >= 0;

  if (parsed)
    {
      walk->rule.number = nftnl_rule_get_u64 (rule, NFTNL_RULE_HANDLE);
      nftnl_expr_foreach (rule, see_expression, walk);
    }
  nftnl_rule_free (rule);
  return parsed;
}

void
divert_survey_read_nft_rule (DivertSurvey          *survey,
                             guint                  chain,
                             const struct nlmsghdr *header)
{
  Walk walk = { .survey = survey, .rule = { .chain = chain } };

  if (!walk_rule (&walk, header))
    {
      g_autoptr(DivertNetlinkMessage) stripped = divert_survey_strip_nft_rule (header);

      walk.rule.has_more = TRUE;
      walk_rule (&walk, nlmsg_hdr (stripped));
    }
}
