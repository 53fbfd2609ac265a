/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where our ip rules stand among those of other programs.
 */
#pragma once

#include "core/facts/facts.h"

G_BEGIN_DECLS

/* After "local" (0), and far before "main" (32766), because our rules would have no effect after that.  Also before the
 * rules of VPNs that name a priority (strongSwan 220, Tailscale 5210). */
#define DIVERT_RULE_PRIORITY 100
/* For what is redirected to the loopback addresses.  Other programs' rules might send it elsewhere. */
#define DIVERT_NAMES_PRIORITY 99
/* After the rule for our mark, so that a diverted packet never meets the fence, but before all rules that lead out. */
#define DIVERT_FENCE_PRIORITY 101

typedef struct
{
  guint32 mark;  /* the priority of the rule for our mark */
  guint32 names; /* … of that for the loopback addresses */
  guint32 fence; /* … and of the fence's; if they are equal, the mark's is added first */
} DivertPrecedence;

DivertPrecedence divert_precedence_choose (const DivertRuleOrder *others);

G_END_DECLS
