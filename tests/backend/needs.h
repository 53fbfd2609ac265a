/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a test cannot do without.  To be called first in main(): where it is missing, the test is skipped by name, and
 * the first line says why.  (tests/run lets no skip pass.)
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Programs that the test runs. */
void test_needs (const char *program, ...) G_GNUC_NULL_TERMINATED;
/* Namespaces of its own. */
void test_needs_namespaces (void);

G_END_DECLS
