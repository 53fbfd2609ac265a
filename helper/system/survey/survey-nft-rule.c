/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: what a rule of nftables does, and those of its conditions that we can judge.
 *
 * Theory of operation.  A rule is a list of expressions that work on registers.  Follow it, and remember for each
 * register where its value came from: a constant, or a field of the packet after "and" and "xor".  An expression that
 * is not known here may be a condition, so the rule then has more.  Of destinations, one question matters: is ::1 among
 * them?  So such a register holds what it would hold for a packet to ::1.
 */
#include "survey-nft-register.h"
#include "system/netlink/netlink.h"

#include <stdio.h>

#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

typedef struct
{
  DivertSurvey          *survey;
  DivertSurveyRule       rule;    /* the conditions so far */
  DivertSurveyRegisters  registers;
  const char            *set;     /* of destinations; NULL: none */
  GArray                *lookups;
} Walk;

static void
emit (Walk         *walk,
      DivertEffect  effect)
{
  const DivertSurveyLookup lookup = {
    walk->survey->rules->len, walk->rule.has_more,
    walk->set != NULL ? g_string_chunk_insert_const (walk->survey->names, walk->set) : NULL,
  };
  const gboolean has_more = walk->rule.has_more;

  walk->rule.effect = effect;
  walk->rule.has_more |= walk->set != NULL;
  divert_survey_add_rule (walk->survey, &walk->rule);
  walk->rule.has_more = has_more;
  if (walk->set != NULL && effect == DIVERT_EFFECT_DROP && lookup.rule < walk->survey->rules->len)
    g_array_append_val (walk->lookups, lookup);
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
set_mark (Walk                       *walk,
          const DivertSurveyRegister *source,
          DivertSurveyFrom            self)
{
  const gboolean is_packet = self == DIVERT_FROM_MARK;
  const DivertEffect set = is_packet ? DIVERT_EFFECT_MARK : DIVERT_EFFECT_CONNMARK;

  if (source->from == DIVERT_FROM_CONSTANT)
    emit_mark (walk, set, source->constant, G_MAXUINT32);
  else if (source->from == self)
    emit_mark (walk, set, source->xor, ~source->and | source->xor);
  else if (source->from == DIVERT_FROM_MARK || source->from == DIVERT_FROM_CONNMARK)
    emit_mark (walk, is_packet ? DIVERT_EFFECT_RESTORE_MARK : DIVERT_EFFECT_SAVE_MARK, 0, source->and);
  /* It comes from a map, or is computed.  It may be anything. */
  else
    emit_mark (walk, set, 0, G_MAXUINT32);
}

static void
see_meta (Walk              *walk,
          struct nftnl_expr *expr)
{
  static const struct { guint32 key; DivertSurveyFrom from; } keys[] = {
    { NFT_META_MARK, DIVERT_FROM_MARK },       { NFT_META_IIFNAME, DIVERT_FROM_IIFNAME },
    { NFT_META_OIFNAME, DIVERT_FROM_OIFNAME }, { NFT_META_IIF, DIVERT_FROM_IIF },
    { NFT_META_OIF, DIVERT_FROM_OIF },         { NFT_META_L4PROTO, DIVERT_FROM_PROTOCOL },
    { NFT_META_NFPROTO, DIVERT_FROM_FAMILY },
  };
  const guint32 key = nftnl_expr_get_u32 (expr, NFTNL_EXPR_META_KEY);
  DivertSurveyRegister *target;

  if (nftnl_expr_is_set (expr, NFTNL_EXPR_META_SREG))
    {
      if (key == NFT_META_MARK)
        set_mark (walk, divert_survey_register (&walk->registers, expr, NFTNL_EXPR_META_SREG), DIVERT_FROM_MARK);
      return;
    }
  target = divert_survey_register (&walk->registers, expr, NFTNL_EXPR_META_DREG);
  *target = (DivertSurveyRegister) { .and = G_MAXUINT32 };
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
    *divert_survey_register (&walk->registers, expr, NFTNL_EXPR_CT_DREG) = (DivertSurveyRegister) {
      .from = is_mark ? DIVERT_FROM_CONNMARK : DIVERT_FROM_UNKNOWN,
      .and = G_MAXUINT32,
    };
  else if (is_mark)
    set_mark (walk, divert_survey_register (&walk->registers, expr, NFTNL_EXPR_CT_SREG), DIVERT_FROM_CONNMARK);
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
    *divert_survey_register (&walk->registers, expr, NFTNL_EXPR_IMM_DREG) =
      (DivertSurveyRegister) { .from = DIVERT_FROM_CONSTANT,
                               .constant = divert_survey_first_word (expr, NFTNL_EXPR_IMM_DATA) };
}

static guint16
get_port (Walk              *walk,
          struct nftnl_expr *expr,
          guint              attribute)
{
  guint16 port;

  if (!nftnl_expr_is_set (expr, attribute))
    return 0;
  memcpy (&port, &divert_survey_register (&walk->registers, expr, attribute)->constant, sizeof port);
  return GUINT16_FROM_BE (port);
}

static void
see_lookup (Walk              *walk,
            struct nftnl_expr *expr)
{
  const DivertSurveyRegister *source = divert_survey_register (&walk->registers, expr, NFTNL_EXPR_LOOKUP_SREG);

  if (nftnl_expr_is_set (expr, NFTNL_EXPR_LOOKUP_DREG))
    {
      if (nftnl_expr_get_u32 (expr, NFTNL_EXPR_LOOKUP_DREG) == NFT_REG_VERDICT)
        emit (walk, DIVERT_EFFECT_MAP);
      else
        *divert_survey_register (&walk->registers, expr, NFTNL_EXPR_LOOKUP_DREG) = (DivertSurveyRegister) { 0 };
    }
  else if (source->from == DIVERT_FROM_DESTINATION6 && walk->set == NULL &&
           nftnl_expr_get_u32 (expr, NFTNL_EXPR_LOOKUP_FLAGS) == 0)
    {
      walk->set = nftnl_expr_get_str (expr, NFTNL_EXPR_LOOKUP_SET);
      return;
    }
  walk->rule.has_more = TRUE;
  walk->rule.device_set |=
    source->from == DIVERT_FROM_IIFNAME || source->from == DIVERT_FROM_IIF || source->from == DIVERT_FROM_MARK;
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
    divert_survey_see_bitwise (&walk->registers, expr);
  else if (g_str_equal (name, "immediate"))
    see_immediate (walk, expr);
  else if (g_str_equal (name, "cmp"))
    divert_survey_see_compare (&walk->registers, expr, &walk->rule);
  else if (g_str_equal (name, "fib"))
    divert_survey_see_fib (&walk->registers, expr);
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
  /* What is not known counts as one condition more where it is compared. */
  else if (g_str_equal (name, "payload"))
    divert_survey_see_payload (&walk->registers, expr,
                               divert_survey_get_chain (walk->survey, walk->rule.chain)->families);
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
                             const struct nlmsghdr *header,
                             GArray                *lookups)
{
  Walk walk = { .survey = survey, .rule = { .chain = chain }, .lookups = lookups };

  if (!walk_rule (&walk, header))
    {
      g_autoptr(DivertNetlinkMessage) stripped = divert_survey_strip_nft_rule (header);

      walk.rule.has_more = TRUE;
      walk_rule (&walk, nlmsg_hdr (stripped));
    }
}
