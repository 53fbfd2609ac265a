/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of reading a survey.  Each adds what it finds, and counts what it could not read.
 */
#pragma once

#include "survey-read.h"

#include "system/netlink/netlink.h"

struct nl_msg;
struct nlmsghdr;

G_BEGIN_DECLS

void divert_survey_read_policies (DivertSurvey *survey);
void divert_survey_read_ways (DivertSurvey *survey, guint32 mark, const GArray *destinations);
void divert_survey_read_tunnel (DivertSurvey *survey);
void divert_survey_read_nftables (DivertSurvey *survey);
void divert_survey_read_legacy (DivertSurvey *survey);

/* A rule that drops what is for one of a set of IPv6 addresses. */
typedef struct
{
  guint       rule;     /* index */
  gboolean    has_more; /* conditions, besides that one */
  const char *set;      /* its name; the survey owns it */
} DivertSurveyLookup;

/* Adds what matters of the nftables rule in @header, in the chain @chain, and to @lookups (DivertSurveyLookup) the set
 * that must be asked. */
void divert_survey_read_nft_rule (DivertSurvey *survey, guint chain, const struct nlmsghdr *header, GArray *lookups);

/* Asks the kernel which of these sets have ::1, and completes their rules. */
void divert_survey_ask_sets (DivertSurvey *survey, DivertNetlink *netlink, const GArray *lookups);

/* The rule in @header without the expressions that nobody here looks at; free it. */
struct nl_msg *divert_survey_strip_nft_rule (const struct nlmsghdr *header);

/* Matches and targets of x_tables, which nftables has as well (nft_compat).  @data has @size bytes.
 *
 * Adds the condition to @rule. */
void     divert_survey_see_match (DivertSurveyRule *rule, const char *name, guint revision, gconstpointer data,
                                  gsize size);
/* FALSE: the target does nothing of DivertEffect. */
gboolean divert_survey_see_target (DivertSurveyRule *rule, DivertFamily family, const char *name, guint revision,
                                   gconstpointer data, gsize size);

G_END_DECLS
