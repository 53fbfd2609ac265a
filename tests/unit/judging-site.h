/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A site whose ruleset is walked (core/ruleset/invariants.h), and what that finds.
 */
#pragma once

#include "core/ruleset/invariants.h"

G_BEGIN_DECLS

typedef struct
{
  DivertConfig   *config;
  DivertDecision *decision;
  DivertFacts    *facts;
  DivertRuleset  *ruleset;
  guint32         gid;
} Site;

typedef struct
{
  guint       n;
  GHashTable *invariants; /* that were broken */
  GHashTable *kinds;
} Faults;

/* Keys of the configuration. */
typedef struct
{
  const char *divert; /* groups before the sites */
  const char *home;   /* of that site */
  gboolean    alone;  /* no other intranet is known, so what goes direct to the internet may go anywhere */
} Keys;

/* Those whose rulesets are all different, and the places. */
extern const struct
{
  const char *path;
  Keys        keys;
} site_cases[];
extern const guint n_site_cases;
extern const DivertPlaceKind site_places[3];

Site *make_site (const Keys *keys, DivertPlaceKind place);
void  site_free (Site *site);

void  init_faults (Faults *faults);
void  clear_faults (Faults *faults);
/* @budget, @turn: as for divert_invariants_check().  How many walks it took. */
guint check (const Site *site, guint budget, guint turn, Faults *faults);

G_END_DECLS
