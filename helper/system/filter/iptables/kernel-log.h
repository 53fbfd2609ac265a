/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why the kernel refused a rule.  x_tables only returns EINVAL, and writes the reason to the
 * kernel's log (K1.7).
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Remembers where the log ends now.  Only the thread that writes rules may call these functions. */
void  divert_kernel_log_mark (void);
/* What packet filtering has written since the mark, as one printable line; NULL: nothing, or it cannot be read
 * (CAP_SYSLOG, a hardened unit). */
char *divert_kernel_log_read (void);

G_END_DECLS
