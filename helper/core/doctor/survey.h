/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The survey: what the kernel holds that belongs to other programs and may concern our packets, as one plain value.
 * system/survey/ fills it in, and findings.h says what is wrong with it.
 *
 * It holds essentials only.  Of a filter rule that means what it does to a packet, and those of its conditions that we
 * can judge.  A rule that does two things is listed twice.  A rule that does nothing of DivertEffect is left out.
 */
#pragma once

#include "core/ruleset/ruleset.h"

G_BEGIN_DECLS

/* What one survey may hold.  If there is more, it says so (cut). */
#define DIVERT_SURVEY_MAX_POLICIES 4096
#define DIVERT_SURVEY_MAX_CHAINS   16384
#define DIVERT_SURVEY_MAX_RULES    65536

/* Our tables in nftables have names that begin like this, and this is the comment in our legacy chains. */
#define DIVERT_SURVEY_OURS "nm-divert"

/* An address for documentation, which nobody has a route of its own for. */
#define DIVERT_SURVEY_INTERNET "198.51.100.1"

#define DIVERT_TABLE_DEFAULT 253
#define DIVERT_TABLE_MAIN    254
#define DIVERT_TABLE_LOCAL   255

/* The parts of the kernel that a survey looks at, as bits 1 << x. */
typedef enum
{
  DIVERT_SOURCE_POLICIES, /* ip rules and route lookups */
  DIVERT_SOURCE_NFTABLES,
  DIVERT_SOURCE_LEGACY,   /* the tables of iptables-legacy */
} DivertSource;

#define DIVERT_N_SOURCES 3

typedef enum
{
  DIVERT_POLICY_LOOKUP,
  DIVERT_POLICY_GOTO,
  DIVERT_POLICY_REFUSE, /* blackhole, unreachable, prohibit */
  DIVERT_POLICY_NONE,   /* nop, l3mdev: it takes no packet of ours */
} DivertPolicyAction;

/* An ip rule. */
typedef struct
{
  DivertFamily       family;
  gboolean           ours;
  guint32            priority;
  gboolean           invert;       /* "not" */
  gboolean           has_source, has_destination;
  DivertPrefix       source, destination;
  guint32            mark, mask;   /* mask 0: any mark */
  char               in_interface[16], out_interface[16];
  guint8             tos;
  guint8             protocol;     /* 0: any */
  guint16            sport, sport_last, dport, dport_last; /* 0: any */
  gboolean           has_uids;
  guint32            uid, uid_last;
  gboolean           has_more;     /* conditions that are not in this value */
  DivertPolicyAction action;
  guint32            table;        /* for LOOKUP */
  guint32            target;       /* for GOTO: a priority */
  int                suppress_prefixlength; /* -1: none */
} DivertPolicy;

/* What the kernel says about the route of a packet with our mark. */
typedef struct
{
  DivertPrefix destination;
  gboolean     answered; /* FALSE: no route */
  gboolean     to_lo;    /* it comes back by lo, where the proxy gets it */
  guint32      table;    /* whose route it takes */
} DivertWay;

/* A tunnel that takes everything by the main table, so that it needs no mark, and the hosts that are reached past it:
 * its own server is one of them. */
typedef struct
{
  char    device[16]; /* "": there is none */
  GArray *past;       /* DivertPrefix */
} DivertFullTunnel;

typedef enum
{
  DIVERT_WORLD_NFTABLES,
  DIVERT_WORLD_LEGACY,
} DivertWorld;

typedef enum
{
  DIVERT_AT_NOWHERE, /* not a base chain */
  DIVERT_AT_PREROUTING,
  DIVERT_AT_INPUT,
  DIVERT_AT_FORWARD,
  DIVERT_AT_OUTPUT,
  DIVERT_AT_POSTROUTING,
} DivertAt;

typedef struct
{
  DivertWorld    world;
  DivertFamilies families;
  const char    *family;   /* as nft names it: "ip", "ip6", "inet" */
  const char    *table;
  const char    *name;
  DivertAt       at;
  gint32         priority; /* of a base chain in nftables */
  gboolean       drops;    /* its policy is drop */
  gboolean       ours;
  guint          first;    /* its rules are consecutive */
  guint          n_rules;
} DivertSurveyChain;

typedef enum
{
  DIVERT_EFFECT_JUMP,         /* or goto */
  DIVERT_EFFECT_MAP,          /* to a chain that a map names, which we do not read */
  DIVERT_EFFECT_RETURN,
  DIVERT_EFFECT_ACCEPT,
  DIVERT_EFFECT_DROP,         /* or reject */
  DIVERT_EFFECT_MARK,         /* packet mark = (mark & ~mask) ^ value */
  DIVERT_EFFECT_CONNMARK,     /* the same for the connection mark */
  DIVERT_EFFECT_RESTORE_MARK, /* the bits of mask go from the connection to the packet */
  DIVERT_EFFECT_SAVE_MARK,    /* and the other way round */
  DIVERT_EFFECT_TPROXY,
  DIVERT_EFFECT_REDIRECT,
  DIVERT_EFFECT_UNTRACK,      /* NOTRACK */
} DivertEffect;

typedef struct
{
  guint           chain;          /* index */
  guint64         number;         /* nftables: its handle; legacy: its position in the chain, from 1 */
  DivertEffect    effect;
  const char     *to;             /* for JUMP */
  guint32         value, mask;
  guint16         port;           /* for TPROXY and REDIRECT; 0: the packet's own */

  guint8          protocol;       /* 0: any */
  char            in_interface[16];
  gboolean        in_invert;
  char            out_interface[16];
  gboolean        out_invert;
  DivertMarkMatch mark_match;
  gboolean        reverse_path;   /* it looks whether the sender could be reached the same way */
  gboolean        foreign_sender; /* one of has_more's: the sender's address is not this machine's */
  gboolean        device_set;     /* one of has_more's: a set of devices or marks, which may have ours */
  gboolean        to_loopback6;   /* only to IPv6 addresses among which is ::1 */
  gboolean        has_more;       /* conditions that are not in this value */
} DivertSurveyRule;

typedef struct
{
  GArray       *policies; /* DivertPolicy: in the kernel's order within each family */
  GArray       *ways;     /* DivertWay */
  DivertFullTunnel tunnel;
  GArray       *chains;   /* DivertSurveyChain */
  GArray       *rules;    /* DivertSurveyRule */
  guint         unread;   /* DivertSource bits: these could not be read */
  guint         cut;      /* DivertSource bits: there is more than a survey may hold */
  GStringChunk *names;    /* owns the strings */
  GHashTable   *index;    /* of the chains */
} DivertSurvey;

DivertSurvey *divert_survey_new (void);
void          divert_survey_free (DivertSurvey *survey);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertSurvey, divert_survey_free)

/* @policy, @way, @chain and @rule are copied, with their strings.  What is too much is left out and counted as cut.
 * The rules of a chain must be added one after another. */
void divert_survey_add_policy (DivertSurvey *survey, const DivertPolicy *policy);
void divert_survey_add_way (DivertSurvey *survey, const DivertWay *way);
void divert_survey_add_chain (DivertSurvey *survey, const DivertSurveyChain *chain);
void divert_survey_add_rule (DivertSurvey *survey, const DivertSurveyRule *rule);

/* The index of a chain; -1: none. */
int  divert_survey_find_chain (const DivertSurvey *survey, DivertWorld world, const char *family, const char *table,
                               const char *name);

const DivertPolicy      *divert_survey_get_policy (const DivertSurvey *survey, guint i);
const DivertSurveyChain *divert_survey_get_chain (const DivertSurvey *survey, guint i);
const DivertSurveyRule  *divert_survey_get_rule (const DivertSurvey *survey, guint i);

/* "policies", "nftables", "legacy" */
const char *divert_source_name (DivertSource source);

/* survey-text.c.  As ip-rule(8) shows it: "98: not from all fwmark 0xca6c lookup 51820". */
char *divert_policy_to_text (const DivertPolicy *policy);
/* The same as arguments for "ip rule add" and "del", with the priority @priority. */
char *divert_policy_to_arguments (const DivertPolicy *policy, guint32 priority);
/* "table ip mangle, chain output", "table mangle, chain OUTPUT (iptables-legacy)" */
char *divert_survey_chain_to_text (const DivertSurveyChain *chain);
/* As nft(8) or iptables-save(8) shows it, with "…" for the conditions that are not in the value. */
char *divert_survey_rule_to_text (const DivertSurvey *survey, const DivertSurveyRule *rule);
/* All of it, for tests and bug reports. */
char *divert_survey_to_text (const DivertSurvey *survey);

G_END_DECLS
