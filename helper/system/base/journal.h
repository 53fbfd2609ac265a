/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program's name in the journal, and a log that nobody waits for.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The service manager's name for the helper. */
#define DIVERT_JOURNAL_UNIT "nm-divert-helper.service"

/* From now on the log is in the journal under @name, which is static. If stderr isn't the journal, it is there. */
void     divert_journal_open (const char *name);

/* From now on a thread writes the lines by @write, in their order, and whoever has one doesn't wait.  Once only. */
void     divert_journal_write_behind (GLogWriterFunc write);
/* Waits until all lines are written, but not longer than that.  FALSE: some are not. */
gboolean divert_journal_flush (guint limit_ms);

G_END_DECLS
