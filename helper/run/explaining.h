/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What becomes of a packet, and of a running flow, by the rules that are in the kernel.
 */
#pragma once

#include "core/ruleset/explain.h"
#include "verification.h"

G_BEGIN_DECLS

/* One path, and the rule that decides. */
typedef struct
{
  DivertExplanation explanation;
  DivertRuleText    text;
  gboolean          unrouted; /* no ip rule of ours leads it to the proxy, so the guard drops it */
} DivertFate;

typedef struct
{
  DivertPacket           packet;
  char                   device[16]; /* by which it would leave without rules and fence; "": unknown */
  DivertDecision        *decision;
  DivertRuleset         *ruleset;   /* the fates' rules are in it */
  gboolean               supposed;  /* some place was supposed, so the kernel was not asked */
  DivertHolding          holding;
  DivertPath             wanted;    /* its path by the rules that are wanted */
  const DivertListening *listening; /* of the port that it is led to; NULL: none, or nothing is known of it */
  DivertFate             fate;      /* a new connection's first packet */
  DivertFlowState        flow;      /* this and the rest only with a flow */
  DivertSocket           socket;    /* that of the flow, if it has one */
  DivertFate             flow_fate; /* of its next packet */
} DivertExplaining;

/* @packet: without its route.  @mode: the place to suppose; NULL: the current one. */
DivertExplaining *divert_explaining_new (const DivertSnapshot *snapshot, DivertVerification *verification,
                                         const DivertMode *mode, const DivertPacket *packet);
void              divert_explaining_free (DivertExplaining *explaining);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertExplaining, divert_explaining_free)

/* Adds the flow that @explaining's packet would be of.  FALSE: the kernel can't be asked. */
gboolean          divert_explaining_find_flow (DivertExplaining *explaining, GError **error);
/* Call this next, for one who may know.  Reads all processes if the flow's fate depends on its program's group, and the
 * units' control groups. */
void              divert_explaining_judge_flow (DivertExplaining *explaining, const DivertSnapshot *snapshot,
                                                DivertVerification *verification);

G_END_DECLS
