/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control groups of version 2, as directories.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Where they are mounted; static.  NULL: there are none. */
const char *divert_cgroup_get_root (void);
/* The number of the group at @path below the root, which is its directory's inode; 0: there is none. */
guint64     divert_cgroup_get_id (const char *path);

G_END_DECLS
