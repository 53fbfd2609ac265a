/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control group that a process is in.  A socket keeps the one that its process was in when it was made, and the
 * kernel reports that to everybody (INET_DIAG_CGROUP_ID, Linux 5.8).
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* @process: its directory in /proc.  The group's number in the hierarchy of version 2; 0: not known. */
guint32 divert_cgroup_find (int process);

/* Adds the numbers of the group at @path below the root and of those below it to @numbers, a set.  Some are left out if
 * there are too many.  How many @numbers has already doesn't matter. */
void    divert_cgroup_collect (const char *path, GHashTable *numbers);

G_END_DECLS
