/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: what is wrong with other people's ip rules.
 *
 * Nobody guarantees the order of ip rules.  A rule without a priority gets one before the lowest that is there, so a
 * program that starts after us lands before us.  Whether such a rule takes our packets depends on the routes of its
 * table, which we do not read: the kernel says where a packet with our mark goes (DivertWay).
 */
#include "findings-private.h"

#include "owner.h"
#include "reach.h"

/* Where a rule goes that is moved behind ours: far behind, and before "main" (32766). */
#define BEHIND_OURS 32700

/* May a packet with our mark, which this machine sends, match @policy? */
static gboolean
may_match (const DivertPolicy *policy,
           const DivertConfig *config)
{
  const DivertMarkMatch mark = { policy->mask != 0, FALSE, policy->mark, policy->mask & config->mask };
  const DivertMarkMatch ours = { TRUE, FALSE, config->mark, config->mask };
  /* Our packets have no other bits than ours. */
  const gboolean marked = divert_reach_match_mark (&mark, &ours) && (policy->mark & ~config->mask) == 0;
  const gboolean narrow = policy->has_source || policy->has_destination || policy->has_uids || policy->protocol != 0 ||
                          policy->sport != 0 || policy->dport != 0 || policy->tos != 0 || policy->has_more ||
                          policy->out_interface[0] != '\0';

  /* What this machine sends comes from lo, for policy routing. */
  if (!policy->invert)
    return marked && (policy->in_interface[0] == '\0' || g_str_equal (policy->in_interface, "lo"));
  return !marked || narrow || policy->in_interface[0] != '\0';
}

/* Does the kernel send a packet to @policy's table that should come back by lo? */
static gboolean
is_taken (const DivertSurvey *survey,
          const DivertPolicy *policy)
{
  for (guint i = 0; i < survey->ways->len; i++)
    {
      const DivertWay *way = &g_array_index (survey->ways, DivertWay, i);

      if (way->destination.family == policy->family && !way->to_lo &&
          (policy->action == DIVERT_POLICY_LOOKUP ? way->answered && way->table == policy->table : !way->answered))
        return TRUE;
    }
  return FALSE;
}

static const char *
family_option (const DivertPolicy *policy)
{
  return policy->family == DIVERT_FAMILY_IPV6 ? "-6" : "-4";
}

static char *
make_deletion (const DivertPolicy *policy)
{
  g_autofree char *arguments = divert_policy_to_arguments (policy, policy->priority);

  /* What is not shown cannot be written either. */
  if (policy->has_more)
    return g_strdup ("");
  return g_strdup_printf ("sudo ip %s rule del %s", family_option (policy), arguments);
}

/* @nth: moved rules keep their order. */
static char *
make_move (const DivertPolicy *policy,
           guint               nth)
{
  g_autofree char *arguments = divert_policy_to_arguments (policy, BEHIND_OURS + MIN (nth, 60u));
  g_autofree char *deletion = make_deletion (policy);

  if (*deletion == '\0' || policy->action == DIVERT_POLICY_GOTO)
    return g_strdup ("");
  return g_strdup_printf ("sudo ip %s rule add %s && %s", family_option (policy), arguments, deletion);
}

static void
add (DivertDiagnosis    *diagnosis,
     DivertFindingKind   kind,
     const DivertPolicy *policy,
     const char         *owner,
     char               *command)
{
  g_ptr_array_add (diagnosis->findings,
                   divert_finding_new (kind, g_strdup_printf ("ip %s rule", family_option (policy)),
                                       divert_policy_to_text (policy), owner, command));
}

static gboolean
is_for_us (const DivertPolicy *policy,
           const DivertConfig *config)
{
  return policy->action == DIVERT_POLICY_LOOKUP && policy->table == config->table;
}

static void
see_before (DivertDiagnosis    *diagnosis,
            const DivertConfig *config,
            const DivertSurvey *survey,
            const DivertPolicy *policy,
            guint               nth)
{
  const gboolean taken = is_taken (survey, policy);

  if (policy->action == DIVERT_POLICY_NONE || !may_match (policy, config) ||
      (policy->action == DIVERT_POLICY_LOOKUP && policy->table == DIVERT_TABLE_LOCAL))
    return;
  add (diagnosis, taken ? DIVERT_FINDING_POLICY_TAKES : DIVERT_FINDING_POLICY_BEFORE, policy,
       divert_owner_of_policy (policy), make_move (policy, nth));
}

static void
see_behind (DivertDiagnosis    *diagnosis,
            const DivertConfig *config,
            const DivertPolicy *policy)
{
  /* Their packets bear our mark as well, and ours comes first. */
  if (!policy->invert && (policy->mask & config->mask) == config->mask &&
      (policy->mark & config->mask) == config->mark)
    add (diagnosis, DIVERT_FINDING_POLICY_MARK, policy, divert_owner_of_policy (policy), g_strdup (""));
}

/* The index of our first rule of @family; -1: none. */
static int
find_ours (const DivertSurvey *survey,
           DivertFamily        family)
{
  for (guint i = 0; i < survey->policies->len; i++)
    {
      const DivertPolicy *policy = divert_survey_get_policy (survey, i);

      if (policy->family == family && policy->ours)
        return i;
    }
  return -1;
}

static void
see_family (DivertDiagnosis    *diagnosis,
            const DivertConfig *config,
            const DivertSurvey *survey,
            DivertFamily        family)
{
  const int ours = find_ours (survey, family);
  guint nth = 0;

  for (guint i = 0; i < survey->policies->len; i++)
    {
      const DivertPolicy *policy = divert_survey_get_policy (survey, i);

      if (policy->family != family || policy->ours)
        continue;
      diagnosis->steps++;
      if (is_for_us (policy, config))
        add (diagnosis, DIVERT_FINDING_POLICY_LEFT, policy, "", make_deletion (policy));
      else if ((int) i < ours)
        see_before (diagnosis, config, survey, policy, nth++);
      else
        see_behind (diagnosis, config, policy);
    }
}

void
divert_diagnosis_see_policies (DivertDiagnosis    *diagnosis,
                               const DivertConfig *config,
                               const DivertSurvey *survey)
{
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    see_family (diagnosis, config, survey, family);
}
