/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose ip rules and chains they probably are.  Numbers and names are only conventions, so this is a hint for a person.
 */
#pragma once

#include "survey.h"

G_BEGIN_DECLS

/* A program's name; "" if unknown; static. */
const char *divert_owner_of_policy (const DivertPolicy *policy);
const char *divert_owner_of_chain (const DivertSurveyChain *chain);

G_END_DECLS
