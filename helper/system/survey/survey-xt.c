/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: what matches and targets of x_tables mean.  The kernel returns them as they were written, so their size may be
 * anything.
 */
#include "survey-private.h"

#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/xt_CT.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_connmark.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_TPROXY.h>

void
divert_survey_see_match (DivertSurveyRule *rule,
                         const char       *name,
                         guint             revision,
                         gconstpointer     data,
                         gsize             size)
{
  const struct xt_mark_mtinfo1 *mark = data;
  const struct xt_addrtype_info_v1 *type = data;

  if (g_str_equal (name, "comment"))
    return;
  if (g_str_equal (name, "mark") && revision == 1 && size >= sizeof *mark && !rule->mark_match.has)
    rule->mark_match = (DivertMarkMatch) { TRUE, mark->invert != 0, mark->mark, mark->mask };
  else if (g_str_equal (name, "rpfilter"))
    rule->reverse_path = TRUE;
  else
    rule->has_more = TRUE;
  if (g_str_equal (name, "addrtype") && revision == 1 && size >= sizeof *type)
    rule->foreign_sender |= type->source == XT_ADDRTYPE_LOCAL && (type->flags & XT_ADDRTYPE_INVERT_SOURCE) != 0;
}

static gboolean
see_mark (DivertSurveyRule *rule,
          guint             revision,
          gconstpointer     data,
          gsize             size)
{
  const struct xt_mark_tginfo2 *info = data;

  if (revision != 2 || size < sizeof *info)
    return FALSE;
  rule->effect = DIVERT_EFFECT_MARK;
  rule->value = info->mark;
  rule->mask = info->mask;
  return TRUE;
}

static gboolean
see_connmark (DivertSurveyRule *rule,
              guint             revision,
              gconstpointer     data,
              gsize             size)
{
  const struct xt_connmark_tginfo1 *info = data;
  const struct xt_connmark_tginfo2 *newer = data;

  /* Only the mode has moved. */
  if (revision < 1 || revision > 2 || size < (revision == 1 ? sizeof *info : sizeof *newer))
    return FALSE;
  switch (revision == 1 ? info->mode : newer->mode)
    {
    case XT_CONNMARK_SET:
      rule->effect = DIVERT_EFFECT_CONNMARK;
      rule->value = info->ctmark;
      rule->mask = info->ctmask;
      return TRUE;
    case XT_CONNMARK_SAVE:
      rule->effect = DIVERT_EFFECT_SAVE_MARK;
      rule->mask = info->ctmask;
      return TRUE;
    case XT_CONNMARK_RESTORE:
      rule->effect = DIVERT_EFFECT_RESTORE_MARK;
      rule->mask = info->nfmask;
      return TRUE;
    default:
      return FALSE;
    }
}

static gboolean
see_tproxy (DivertSurveyRule *rule,
            guint             revision,
            gconstpointer     data,
            gsize             size)
{
  const struct xt_tproxy_target_info *old = data;
  const struct xt_tproxy_target_info_v1 *info = data;

  rule->effect = DIVERT_EFFECT_TPROXY;
  if (revision == 0 && size >= sizeof *old)
    rule->port = GUINT16_FROM_BE (old->lport);
  else if (revision == 1 && size >= sizeof *info)
    rule->port = GUINT16_FROM_BE (info->lport);
  return TRUE;
}

static gboolean
see_redirect (DivertSurveyRule *rule,
              DivertFamily      family,
              gconstpointer     data,
              gsize             size)
{
  const struct nf_nat_ipv4_multi_range_compat *v4 = data;
  const struct nf_nat_range *v6 = data;

  rule->effect = DIVERT_EFFECT_REDIRECT;
  if (family == DIVERT_FAMILY_IPV4 && size >= sizeof *v4 && v4->rangesize > 0)
    rule->port = GUINT16_FROM_BE (v4->range[0].min.all);
  else if (family == DIVERT_FAMILY_IPV6 && size >= sizeof *v6)
    rule->port = GUINT16_FROM_BE (v6->min_proto.all);
  return TRUE;
}

gboolean
divert_survey_see_target (DivertSurveyRule *rule,
                          DivertFamily      family,
                          const char       *name,
                          guint             revision,
                          gconstpointer     data,
                          gsize             size)
{
  const struct xt_ct_target_info *ct = data;

  if (g_str_equal (name, "MARK"))
    return see_mark (rule, revision, data, size);
  if (g_str_equal (name, "CONNMARK"))
    return see_connmark (rule, revision, data, size);
  if (g_str_equal (name, "TPROXY"))
    return see_tproxy (rule, revision, data, size);
  if (g_str_equal (name, "REDIRECT"))
    return see_redirect (rule, family, data, size);
  if (g_str_equal (name, "REJECT"))
    rule->effect = DIVERT_EFFECT_DROP;
  else if (g_str_equal (name, "NOTRACK") ||
           (g_str_equal (name, "CT") && size >= sizeof *ct && (ct->flags & XT_CT_NOTRACK) != 0))
    rule->effect = DIVERT_EFFECT_UNTRACK;
  else
    return FALSE;
  return TRUE;
}
