/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Somebody may have changed what is ours in the kernel.  Like every event this says "look again",
 * but it also says who did it, as far as the kernel tells.
 */
#pragma once

#include "core/memory/drift.h"

G_BEGIN_DECLS

/* Called in the default main context.  @program NULL: unknown.  A source that cannot tell our own writes
 * from other people's reports ours as well; then the look finds nothing and costs little. */
typedef void (*DivertTouched) (const DivertProgram *program, gpointer user_data);

/* Process @pid, with its name if it is still alive. */
void     divert_program_find (guint32 pid, DivertProgram *ret_program);
/* The process whose netlink socket has @port (nlmsg_pid of a notification).  FALSE: the port does not tell. */
gboolean divert_program_find_by_port (guint32 port, DivertProgram *ret_program);

G_END_DECLS
