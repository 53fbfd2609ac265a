/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: what is wrong with other people's filter rules, in both worlds.
 *
 * One finding speaks of all rules of one kind in one chain, because a person removes them together.
 */
#include "findings-private.h"

#include <netinet/in.h>
#include <string.h>

#include "owner.h"
#include "reach.h"

/* A command names at most so many rules. */
#define MAX_NAMED 8

#define REACH_OURS (DIVERT_REACH_OUTPUT | DIVERT_REACH_LO)

typedef struct
{
  DivertDiagnosis    *diagnosis;
  const DivertConfig *config;
  const DivertSurvey *survey;
  DivertMarkMatch     ours;
  gboolean            drops_reverse_path; /* our backend's packets do not survive such a filter */
  DivertFinding      *findings[DIVERT_N_FINDINGS]; /* of this chain */
} Look;

static char *
make_command (const DivertSurveyChain *chain,
              const DivertSurveyRule  *rule,
              gboolean                 whole)
{
  g_autofree char *table = divert_diagnosis_quote (chain->table), *name = divert_diagnosis_quote (chain->name);
  const char *program = chain->families == DIVERT_FAMILIES_IPV6 ? "ip6tables-legacy" : "iptables-legacy";

  if (chain->world == DIVERT_WORLD_NFTABLES && whole)
    return g_strdup_printf ("sudo nft flush chain %s %s %s", chain->family, table, name);
  if (chain->world == DIVERT_WORLD_NFTABLES)
    return g_strdup_printf ("sudo nft delete rule %s %s %s handle %" G_GUINT64_FORMAT, chain->family, table, name,
                            rule->number);
  if (whole)
    return g_strdup_printf ("sudo %s -t %s -F %s", program, table, name);
  return g_strdup_printf ("sudo %s -t %s -D %s %" G_GUINT64_FORMAT, program, table, name, rule->number);
}

/* Is the chain nothing but what the finding is about?  Then it is emptied, and no other rule's number changes. */
static gboolean
concerns_whole_chain (const DivertSurveyChain *chain,
                      DivertFindingKind        kind)
{
  return chain->at == DIVERT_AT_NOWHERE && (kind == DIVERT_FINDING_OTHER_PROXY || kind == DIVERT_FINDING_OLD_RULES);
}

/* The last rule comes first, so that the numbers of the others stay true. */
static void
add_command (DivertFinding           *finding,
             const DivertSurveyChain *chain,
             const DivertSurveyRule  *rule)
{
  g_autofree char *others = finding->command;
  g_autofree char *another = make_command (chain, rule, FALSE);

  finding->command = g_strdup_printf ("%s && %s", another, others);
}

static void
add (Look                   *look,
     DivertFindingKind       kind,
     const DivertSurveyRule *rule)
{
  const DivertSurveyChain *chain = divert_survey_get_chain (look->survey, rule->chain);
  const gboolean whole = concerns_whole_chain (chain, kind);
  DivertFinding *finding = look->findings[kind];

  if (finding != NULL)
    {
      finding->count++;
      if (!whole && finding->count <= MAX_NAMED)
        add_command (finding, chain, rule);
      return;
    }
  finding = divert_finding_new (kind, divert_survey_chain_to_text (chain),
                                divert_survey_rule_to_text (look->survey, rule), divert_owner_of_chain (chain),
                                make_command (chain, rule, whole));
  look->findings[kind] = finding;
  g_ptr_array_add (look->diagnosis->findings, finding);
}

static DivertFindingKind
find_proxy_kind (const DivertConfig *config,
                 guint16             port)
{
  gboolean is_ours = port != 0 && (port == config->tproxy_port || port == config->dns_port);

  for (guint i = 0; i < config->sites->len; i++)
    is_ours |= port != 0 && port == ((const DivertSite *) g_ptr_array_index (config->sites, i))->tproxy_port;
  return is_ours ? DIVERT_FINDING_OLD_RULES : DIVERT_FINDING_OTHER_PROXY;
}

static void
see_mark (Look                   *look,
          const DivertSurveyRule *rule,
          guint                   reach)
{
  const guint32 written = (rule->mask | rule->value) & look->ours.mask;
  const gboolean gives = (rule->mask & look->ours.mask) == look->ours.mask &&
                         (rule->value & look->ours.mask) == look->ours.value;

  if (written == 0)
    return;
  if (gives && rule->effect == DIVERT_EFFECT_MARK)
    add (look, DIVERT_FINDING_OUR_MARK, rule);
  else if ((reach & REACH_OURS) != 0 && divert_reach_match_mark (&rule->mark_match, &look->ours))
    add (look, DIVERT_FINDING_MARK, rule);
}

/* A redirected question is for ::1 by then, but the hook still says that it would leave by a wire.  So a filter against
 * addresses that have no business there meets it. */
static gboolean
refuses_dns (const Look             *look,
             const DivertSurveyRule *rule,
             guint                   reach)
{
  return look->config->ipv6 && look->config->dns_port != 0 && (reach & DIVERT_REACH_OUTPUT) != 0 &&
         rule->to_loopback6 && !rule->has_more && !rule->mark_match.has &&
         (rule->protocol == 0 || rule->protocol == IPPROTO_UDP || rule->protocol == IPPROTO_TCP);
}

static void
see_rule (Look                   *look,
          const DivertSurveyRule *rule,
          guint                   reach)
{
  const DivertFamilies families = divert_survey_get_chain (look->survey, rule->chain)->families;

  switch (rule->effect)
    {
    case DIVERT_EFFECT_MARK:
    case DIVERT_EFFECT_RESTORE_MARK:
      see_mark (look, rule, reach);
      break;
    case DIVERT_EFFECT_CONNMARK:
    case DIVERT_EFFECT_SAVE_MARK:
      if (((rule->mask | rule->value) & look->ours.mask) != 0)
        add (look, DIVERT_FINDING_CONNECTION_MARK, rule);
      break;
    case DIVERT_EFFECT_TPROXY:
      if ((reach & DIVERT_REACH_LO) != 0)
        add (look, find_proxy_kind (look->config, rule->port), rule);
      break;
    case DIVERT_EFFECT_REDIRECT:
      if ((reach & DIVERT_REACH_OUTPUT) != 0)
        add (look, find_proxy_kind (look->config, rule->port), rule);
      break;
    case DIVERT_EFFECT_UNTRACK:
      if ((reach & DIVERT_REACH_OUTPUT) != 0)
        add (look, DIVERT_FINDING_UNTRACKED, rule);
      break;
    case DIVERT_EFFECT_DROP:
      if (refuses_dns (look, rule, reach))
        add (look, DIVERT_FINDING_DNS_REFUSED, rule);
      if (rule->reverse_path && (reach & DIVERT_REACH_LO) != 0 && (families & DIVERT_FAMILIES_IPV6) != 0 &&
          look->drops_reverse_path)
        add (look, DIVERT_FINDING_REVERSE_PATH, rule);
      if (rule->foreign_sender && (reach & DIVERT_REACH_LO) != 0)
        add (look, DIVERT_FINDING_REPLIES, rule);
      break;
    case DIVERT_EFFECT_JUMP:
    case DIVERT_EFFECT_MAP:
    case DIVERT_EFFECT_RETURN:
    case DIVERT_EFFECT_ACCEPT:
    default:
      break;
    }
}

static void
see_chain (Look  *look,
           guint  i,
           guint  reach)
{
  const DivertSurveyChain *chain = divert_survey_get_chain (look->survey, i);

  memset (look->findings, 0, sizeof look->findings);
  for (guint j = chain->first; j < chain->first + chain->n_rules; j++)
    {
      const DivertSurveyRule *rule = divert_survey_get_rule (look->survey, j);
      const guint narrowed = divert_reach_narrow (reach, rule, &look->ours);

      look->diagnosis->steps++;
      if (narrowed != 0)
        see_rule (look, rule, narrowed);
    }
}

void
divert_diagnosis_see_filters (DivertDiagnosis    *diagnosis,
                              const DivertConfig *config,
                              const char         *backend,
                              const DivertSurvey *survey)
{
  Look look = {
    .diagnosis = diagnosis,
    .config = config,
    .survey = survey,
    .ours = { TRUE, FALSE, config->mark, config->mask },
    /* In nftables we get the socket behind that hook's filters. */
    .drops_reverse_path = config->ipv6 && g_str_equal (backend, "iptables"),
  };
  g_autofree guint8 *reach = divert_reach_new (survey, &look.ours, &diagnosis->steps);

  for (guint i = 0; i < survey->chains->len; i++)
    if (reach[i] != 0 && !divert_survey_get_chain (survey, i)->ours)
      see_chain (&look, i, reach[i]);
}
