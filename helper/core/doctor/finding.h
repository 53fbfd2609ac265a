/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A finding: something of another program's that stands in our way, and what cures it.  It is a kind and details, so
 * that it can be put into the reader's language where it is read.
 */
#pragma once

#include "core/place/decision.h"

G_BEGIN_DECLS

typedef enum
{
  DIVERT_GRAVITY_GRAVE,   /* packets go where they should not, or nowhere */
  DIVERT_GRAVITY_WARNING, /* that may happen */
  DIVERT_GRAVITY_NOTE,    /* we could not see everything */
} DivertGravity;

#define DIVERT_N_GRAVITIES 3

/* Worst first. */
typedef enum
{
  DIVERT_FINDING_POLICY_TAKES,    /* an ip rule before ours takes diverted packets */
  DIVERT_FINDING_OTHER_PROXY,     /* TPROXY or REDIRECT to a port that is not our proxy's */
  DIVERT_FINDING_OLD_RULES,       /* … to our proxy's port, but not by us */
  DIVERT_FINDING_MARK,            /* overwrites bits of our mark */
  DIVERT_FINDING_CONNECTION_MARK, /* the same on connections */
  DIVERT_FINDING_REVERSE_PATH,    /* drops diverted IPv6 */
  DIVERT_FINDING_REPLIES,         /* drops the proxy's answers to a tunnel's address */
  DIVERT_FINDING_UNIT,            /* the proxy's unit does not run */
  DIVERT_FINDING_OUR_MARK,        /* gives other packets our mark */
  DIVERT_FINDING_DROPPED,         /* drops what comes in from lo */
  DIVERT_FINDING_DNS_REFUSED,     /* drops or refuses redirected DNS over IPv6 */
  DIVERT_FINDING_UNTRACKED,       /* NOTRACK */
  DIVERT_FINDING_TUNNEL,          /* takes everything without a mark, and its server isn't in bypass */
  DIVERT_FINDING_POLICY_BEFORE,   /* an ip rule before ours would take diverted packets, if its table had a route */
  DIVERT_FINDING_POLICY_LEFT,     /* an ip rule for our mark or table that is not ours */
  DIVERT_FINDING_POLICY_MARK,     /* an ip rule for packets whose mark has ours within it */
  DIVERT_FINDING_DNS_WILDCARD,    /* the proxy's resolver has no address of its own */
  DIVERT_FINDING_UNREAD,
  DIVERT_FINDING_CUT,
} DivertFindingKind;

#define DIVERT_N_FINDINGS (DIVERT_FINDING_CUT + 1)

typedef struct
{
  DivertFindingKind kind;
  char             *where;   /* as in divert_survey_chain_to_text(), "ip -4 rule", or a source's name */
  char             *rule;    /* as its owner's tool shows it; "" if none */
  const char       *owner;   /* a program's name; "" if unknown; static */
  char             *command; /* what cures it; "" if no single command does */
  guint             count;   /* rules like this one in the same place, with this one */
} DivertFinding;

DivertFinding *divert_finding_new (DivertFindingKind kind, char *where, char *rule, const char *owner, char *command);
void           divert_finding_free (DivertFinding *finding);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertFinding, divert_finding_free)

DivertGravity  divert_finding_kind_get_gravity (DivertFindingKind kind);
/* What it means, and what a person can do about it; @translate as in divert_reason_to_text(); static. */
const char    *divert_finding_kind_to_text (DivertFindingKind kind, DivertTranslate translate);
const char    *divert_finding_kind_get_advice (DivertFindingKind kind, DivertTranslate translate);
/* Stable names: "rule-takes", "other-proxy" …; "grave", "warning", "note". */
const char    *divert_finding_kind_name (DivertFindingKind kind);
gboolean       divert_finding_kind_from_name (const char *name, DivertFindingKind *ret_kind);
const char    *divert_gravity_name (DivertGravity gravity);

G_END_DECLS
