/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a test can't do without.  Call these first in main().  If something is missing, the test is skipped by name, and
 * its first line says why.  (tests/run doesn't accept any skip.)
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Programs that the test runs. */
void test_needs (const char *program, ...) G_GNUC_NULL_TERMINATED;
/* Namespaces of its own. */
void test_needs_namespaces (void);

G_END_DECLS
