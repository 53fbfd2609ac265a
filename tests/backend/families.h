/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests that run once for each family.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* As g_test_add(), for "/PATH/ipv4/NAME" and "/PATH/ipv6/NAME".  The user data of @set_up, @test and @tear_down is the
 * DivertFamily. */
#define test_families_add(path, name, Fixture, set_up, test, tear_down) \
  G_STMT_START \
  { \
    void (*const functions[]) (Fixture *, gconstpointer) = { set_up, test, tear_down }; \
    test_families_add_vtable (path, name, sizeof (Fixture), (GTestFixtureFunc) functions[0], \
                              (GTestFixtureFunc) functions[1], (GTestFixtureFunc) functions[2]); \
  } \
  G_STMT_END

void test_families_add_vtable (const char *path, const char *name, gsize size, GTestFixtureFunc set_up,
                               GTestFixtureFunc test, GTestFixtureFunc tear_down);

G_END_DECLS
