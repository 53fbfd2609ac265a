/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program's name in the journal.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The service manager's name for the helper. */
#define DIVERT_JOURNAL_UNIT "nm-divert-helper.service"

/* From now on the log is in the journal under @name, which is static. If stderr isn't the journal, it is there. */
void divert_journal_open (const char *name);

G_END_DECLS
