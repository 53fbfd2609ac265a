/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The proxy's group: from the name or number in the configuration to a gid.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A number is used as it is, except that 0 is refused because it would exempt all of root's packets.  A
 * name must be known to NSS.  The error names the group. */
gboolean divert_group_lookup (const char *name, guint32 *ret_gid, GError **error);

G_END_DECLS
