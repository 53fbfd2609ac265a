/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guard-fixture.h"

#include "namespace.h"
#include "unowned.h"

void
guard_fixture_set_up (GuardFixture  *f,
                      gconstpointer  user_data)
{
  test_namespace_enter ();
  /* So that nft can do with it as it likes, and the next helper need not wait until the kernel has released it. */
  test_unowned = TRUE;
  f->guard = divert_guard_new (NEVER_MS);
  f->home = expansion_make_ruleset (0, DIVERT_MODE_AUTO);
  f->away = expansion_make_ruleset (0, DIVERT_MODE_AWAY);
  f->none = divert_ruleset_new_empty ();
}

void
guard_fixture_tear_down (GuardFixture  *f,
                         gconstpointer  user_data)
{
  divert_guard_free (f->guard);
  divert_ruleset_unref (f->home);
  divert_ruleset_unref (f->away);
  divert_ruleset_unref (f->none);
}
