/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Somebody may have changed what is ours in the kernel.  As each event this says "look again" and no more; but it
 * also says who it was, as far as the kernel tells.
 */
#pragma once

#include "core/memory/drift.h"

G_BEGIN_DECLS

/* In the default main context.  @program NULL: not known.  A source that cannot tell our own writes from others' calls
 * for those, too: a look finds nothing then, and costs little. */
typedef void (*DivertTouched) (const DivertProgram *program, gpointer user_data);

/* Process @pid, and its name if it still lives. */
void     divert_program_find (guint32 pid, DivertProgram *ret_program);
/* Whose netlink socket has @port (nlmsg_pid of a notification).  FALSE: the port does not tell. */
gboolean divert_program_find_by_port (guint32 port, DivertProgram *ret_program);

G_END_DECLS
