/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NetworkManager's profiles by name, as far as an ordinary user may see them:
 * people know "Home Wi-Fi", the helper wants the UUID.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The UUID of @name, which is a UUID already or a profile's name.  NULL with
 * @error when there is no such profile, or when several have that name. */
char *divert_profiles_find_uuid (GDBusConnection *bus, const char *name, GError **error);
/* The names of all profiles. */
GStrv divert_profiles_list_names (GDBusConnection *bus, GError **error);

G_END_DECLS
