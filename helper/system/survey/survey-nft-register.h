/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The registers of nftables' rules.  Only for survey-nft-rule.c.
 */
#pragma once

#include "survey-private.h"

#include <linux/netfilter/nf_tables.h>
#include <netinet/in.h>

struct nftnl_expr;

G_BEGIN_DECLS

#define DIVERT_SURVEY_N_REGISTERS (NFT_REG32_15 + 1)

typedef enum
{
  DIVERT_FROM_UNKNOWN,
  DIVERT_FROM_CONSTANT,
  DIVERT_FROM_MARK,
  DIVERT_FROM_CONNMARK,
  DIVERT_FROM_IIFNAME,
  DIVERT_FROM_OIFNAME,
  DIVERT_FROM_IIF,
  DIVERT_FROM_OIF,
  DIVERT_FROM_PROTOCOL,
  DIVERT_FROM_FAMILY,
  DIVERT_FROM_REVERSE_PATH,
  DIVERT_FROM_DESTINATION6,
  DIVERT_FROM_SENDER_TYPE,
} DivertSurveyFrom;

typedef struct
{
  DivertSurveyFrom from;
  guint32          and, xor; /* of marks */
  guint32          constant; /* the first four bytes, in host order as the kernel has them */
  guint8           loopback6[sizeof (struct in6_addr)]; /* of a destination: its bytes for ::1 */
} DivertSurveyRegister;

typedef struct
{
  DivertSurveyRegister at[DIVERT_SURVEY_N_REGISTERS + 1]; /* the last one is nobody's */
} DivertSurveyRegisters;

/* The one that @attribute of @expr names. */
DivertSurveyRegister *divert_survey_register (DivertSurveyRegisters *registers, struct nftnl_expr *expr,
                                              guint attribute);
/* The first four bytes of the data in @attribute. */
guint32               divert_survey_first_word (struct nftnl_expr *expr, guint attribute);

/* Expressions that only change registers. */
void                  divert_survey_see_payload (DivertSurveyRegisters *registers, struct nftnl_expr *expr,
                                                 DivertFamilies families);
void                  divert_survey_see_bitwise (DivertSurveyRegisters *registers, struct nftnl_expr *expr);
void                  divert_survey_see_fib (DivertSurveyRegisters *registers, struct nftnl_expr *expr);

/* A comparison: adds the condition to @rule. */
void                  divert_survey_see_compare (DivertSurveyRegisters *registers, struct nftnl_expr *expr,
                                                 DivertSurveyRule *rule);

G_END_DECLS
