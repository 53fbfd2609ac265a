/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Somebody who keeps the kernel's lock for network configuration (rtnl), which is one for all network namespaces.  So
 * nobody on the machine can change a route meanwhile: let go soon.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* When it returns, the lock is held.  Returns what ends it; -1: the kernel doesn't let us (it takes userfaultfd). */
int  rtnl_hold_begin (void);
void rtnl_hold_end (int hold);

G_END_DECLS
