/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why the kernel refused a rule.  x_tables only returns EINVAL, and writes the reason to the
 * kernel's log (K1.7).
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A position in the kernel's log; -1: it cannot be read (CAP_SYSLOG, a hardened unit). */
typedef int DivertKernelLog;

/* Remembers where the log ends now. */
DivertKernelLog divert_kernel_log_open (void);
void            divert_kernel_log_close (DivertKernelLog log);
G_DEFINE_AUTO_CLEANUP_FREE_FUNC (DivertKernelLog, divert_kernel_log_close, -1)

/* What packet filtering has written since @log was opened, as one printable line; NULL: nothing, or it
 * cannot be read. */
char           *divert_kernel_log_read (DivertKernelLog log);

G_END_DECLS
