/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: how many packets are walked before a commit, and what becomes of a finding.
 *
 * A run must not become slow, not even in a debug build, because the tests measure time.  So each commit
 * walks a few milliseconds' worth of packets, and each time different ones.  Only tests/unit/test-judging.c
 * walks all of them.
 */
#include "rehearsal.h"

#include "core/ruleset/invariants.h"

/* About 1 ms if the code is optimized, and 3 ms otherwise. */
#define PACKETS 200

static void
on_fault (const char *invariant,
          const char *kind,
          const char *text,
          gpointer    user_data)
{
  /* This aborts.  It is our code that went wrong, and a developer wants to see where.  The service manager
   * revokes what an earlier ruleset granted. */
  g_error ("the ruleset breaks the invariant '%s': %s\n%s", invariant, text, (const char *) user_data);
}

void
divert_rehearse (const DivertRuleset  *ruleset,
                 const DivertConfig   *config,
                 const DivertDecision *decision,
                 const DivertFacts    *facts,
                 guint32               gid)
{
  static guint turn;
  const DivertOrigin origin = { config, decision, facts, gid };
  g_autofree char *text = NULL;

  if (decision->place == DIVERT_PLACE_OFF)
    return;
  text = divert_ruleset_to_text (ruleset);
  divert_invariants_check (ruleset, &origin, PACKETS, turn++, on_fault, text);
}
