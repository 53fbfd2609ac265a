/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A survey is filled piece by piece, and its findings are compared as text.
 */
#pragma once

#include "core/doctor/findings.h"

G_BEGIN_DECLS

extern const char findings_config[];

/* One finding a line: kind, where, rule, owner, command, count. */
char *diagnose (const DivertSurvey *survey, const char *backend);
/* … with iptables as our backend. */
void  assert_found (const DivertSurvey *survey, const char *expected);
/* Returns its number.  Of IPv4. */
guint add_chain (DivertSurvey *survey, DivertWorld world, const char *table, const char *name, DivertAt at);
void  add_jump (DivertSurvey *survey, guint chain, guint64 number, const char *to);
void  add_effect (DivertSurvey *survey, guint chain, guint64 number, DivertEffect effect, guint32 value, guint32 mask,
                  guint16 port);

G_END_DECLS
