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
/* Ends the test, which can't run here. */
void test_skip (const char *format, ...) G_GNUC_PRINTF (1, 2) G_GNUC_NORETURN;
/* Namespaces of its own. */
void test_needs_namespaces (void);

G_END_DECLS
