/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the iptables tests. Each case runs once for each family, in a sandbox of its own, with two lists of mangle
 * rules that the test makes.
 */
#pragma once

#include "sandbox.h"

G_BEGIN_DECLS

typedef struct
{
  DivertFamily   family;
  DivertBackend *backend;
  GArray        *nothing; /* these three: DivertXtRule */
  GArray        *away;
  GArray        *home;
} Fixture;

typedef struct
{
  const char *name;
  void      (*test) (Fixture *fixture, gconstpointer data);
} FixtureCase;

/* Adds "/iptables/GROUP/NAME/FAMILY". @make makes the rules of one of the two places. */
void     fixture_add_cases (const char *group, GArray *(*make) (gboolean home), const FixtureCase *cases,
                            guint n_cases);

/* Adds a rule of ours that marks, with our tag, or a rule for datagrams to @port, without the tag. */
void     fixture_add_rule (GArray *rules, DivertXtTable table, const char *chain, guint16 port, DivertXtTarget target,
                           const char *to);
/* Writes @rules, which must succeed. Returns whether the kernel was written to. */
gboolean fixture_apply (Fixture *fixture, const GArray *rules);
/* Asserts that the kernel has @rules, and nothing else of ours. */
void     fixture_assert_holds (Fixture *fixture, const GArray *rules);

G_END_DECLS
