/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NetworkManager's profiles by name, as far as an ordinary user may see them.  People know "Home Wi-Fi", but the helper
 * wants the UUID.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Returns the UUID for @name, which may be a UUID or a profile's name.  NULL with @error if there is no such profile,
 * or if several have that name. */
char *divert_profiles_find_uuid (GDBusConnection *bus, const char *name, GError **error);
/* The names of all profiles. */
GStrv divert_profiles_list_names (GDBusConnection *bus, GError **error);

G_END_DECLS
