/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names of systemd's units, and where the control groups of units are.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* systemd's own limit, with the NUL. */
#define DIVERT_UNIT_NAME_MAX 255
/* The kernel's limit for a path in a rule of iptables, with the NUL (xt_cgroup). */
#define DIVERT_CGROUP_PATH_MAX 512

/* Is @name that of a unit that can have a control group of its own: a service, a scope or a slice?  Not the root slice,
 * which has every process, and not a template. */
gboolean    divert_unit_name_is_valid (const char *name);
gboolean    divert_unit_is_slice (const char *name);
/* Is it a unit of a user's service manager, "user@1000.service"? */
gboolean    divert_unit_is_user_manager (const char *name);
/* The unit's name from that of its directory: systemd puts a '_' before a name that the kernel would take for a file of
 * its own. */
const char *divert_unit_from_directory (const char *directory);

/* Control groups are named by their path below the root, such as "system.slice/mihomo.service". */
gboolean    divert_cgroup_path_is_valid (const char *path);
/* How many directories that are. */
guint       divert_cgroup_path_level (const char *path);
/* The name of the unit that it is the control group of. */
const char *divert_cgroup_path_unit (const char *path);
/* Does it belong to the system's service manager?  Only slices lead to such a one.  What is below a service or a scope
 * belongs to whoever runs that, a user for example, who can choose the names there. */
gboolean    divert_cgroup_path_is_system (const char *path);

G_END_DECLS
