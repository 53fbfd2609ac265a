/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Control groups of a test's own, in a namespace.
 */
#pragma once

#include "needs.h"

G_BEGIN_DECLS

#define TEST_CGROUPS "/sys/fs/cgroup"

/* From now on TEST_CGROUPS has groups that nobody else sees.  The rest of the test is another process, after which they
 * are removed.  Call it before g_test_init(). */
void test_cgroups_enter (void);

/* Makes the group at @path, and those above it. */
void test_cgroups_make (const char *path);
/* Removes it, and those above it that are empty then. */
void test_cgroups_remove (const char *path);

G_END_DECLS
