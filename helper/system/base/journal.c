/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the name under which the log is in the journal.
 *
 * GLib writes to the journal's socket itself, so the unit's SyslogIdentifier= doesn't apply to these lines.  Without an
 * identifier the journal shows the process's name, of which the kernel keeps 15 bytes.
 */
#include <string.h>

#include "journal.h"

static GLogWriterOutput
write_named (GLogLevelFlags   level,
             const GLogField *fields,
             gsize            n_fields,
             gpointer         name)
{
  g_autofree GLogField *named = g_new (GLogField, n_fields + 1);

  memcpy (named, fields, n_fields * sizeof *fields);
  named[n_fields] = (GLogField) { "SYSLOG_IDENTIFIER", name, -1 };
  return g_log_writer_default (level, named, n_fields + 1, NULL);
}

void
divert_journal_open (const char *name)
{
  g_log_writer_default_set_use_stderr (TRUE);
  g_log_set_writer_func (write_named, (gpointer) name, NULL);
}
