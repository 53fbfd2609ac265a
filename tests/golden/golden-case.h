/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A golden case: a folder with a configuration, facts and a mode (golden.c).
 */
#pragma once

#include "core/ruleset/ruleset.h"

G_BEGIN_DECLS

typedef struct
{
  DivertConfig   *config;
  DivertFacts    *facts;
  DivertDecision *decision;
  DivertRuleset  *ruleset;
} GoldenCase;

GoldenCase *golden_case_new (const char *folder);
void        golden_case_free (GoldenCase *golden);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GoldenCase, golden_case_free)

gboolean    golden_has_file (const char *folder, const char *name);
/* NULL: it is @optional, and isn't there. */
char       *golden_read_file (const char *folder, const char *name, gboolean optional);

/* Those of all cases, char *. */
GPtrArray  *golden_list_folders (const char *directory);

G_END_DECLS
