/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guard in a namespace of its own, and what it is told.
 */
#pragma once

#include "../unit/expansion.h"
#include "system/filter/guard.h"

G_BEGIN_DECLS

/* A lifetime for grants that doesn't end within a test. */
#define NEVER_MS (3600 * 1000)

typedef struct
{
  DivertGuard   *guard; /* its grants don't lapse, and its table belongs to nobody */
  DivertRuleset *home, *away, *none;
  gboolean       ok;    /* of the last step */
} GuardFixture;

/* @user_data is not used: for g_test_add(). */
void guard_fixture_set_up    (GuardFixture *f, gconstpointer user_data);
void guard_fixture_tear_down (GuardFixture *f, gconstpointer user_data);

G_END_DECLS
