/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A few plain calls to NetworkManager's settings service. libnm would mirror all of NetworkManager for this.
 */
#include "divert-config.h"

#include "profiles.h"

#include <glib/gi18n.h>

#include "core/words/escape.h"

#define NM_NAME          "org.freedesktop.NetworkManager"
#define NM_SETTINGS      NM_NAME ".Settings"
#define NM_SETTINGS_PATH "/org/freedesktop/NetworkManager/Settings"
#define NM_PROFILE       NM_SETTINGS ".Connection"
#define NM_TIMEOUT_MS    10000

typedef struct
{
  char *id;
  char *uuid;
} Profile;

static void
profile_free (Profile *profile)
{
  g_free (profile->id);
  g_free (profile->uuid);
  g_free (profile);
}

static Profile *
read_profile (GDBusConnection *bus,
              const char      *path)
{
  g_autoptr(GVariant) reply = g_dbus_connection_call_sync (bus, NM_NAME, path, NM_PROFILE, "GetSettings", NULL,
                                                           G_VARIANT_TYPE ("(a{sa{sv}})"), G_DBUS_CALL_FLAGS_NONE,
                                                           NM_TIMEOUT_MS, NULL, NULL);
  g_autoptr(GVariant) settings = NULL;
  g_autoptr(GVariant) connection = NULL;
  Profile *profile;

  /* This user may not see it, or it was deleted after it was listed. */
  if (!reply)
    return NULL;
  settings = g_variant_get_child_value (reply, 0);
  connection = g_variant_lookup_value (settings, "connection", G_VARIANT_TYPE_VARDICT);
  if (!connection)
    return NULL;
  profile = g_new0 (Profile, 1);
  g_variant_lookup (connection, "id", "s", &profile->id);
  g_variant_lookup (connection, "uuid", "s", &profile->uuid);
  if (profile->id && profile->uuid)
    return profile;
  profile_free (profile);
  return NULL;
}

static GPtrArray *
read_profiles (GDBusConnection  *bus,
               GError          **error)
{
  g_autoptr(GVariant) reply = g_dbus_connection_call_sync (bus, NM_NAME, NM_SETTINGS_PATH, NM_SETTINGS,
                                                           "ListConnections", NULL, G_VARIANT_TYPE ("(ao)"),
                                                           G_DBUS_CALL_FLAGS_NONE, NM_TIMEOUT_MS, NULL, error);
  g_autofree const char **paths = NULL;
  GPtrArray *profiles;

  if (!reply)
    return NULL;
  profiles = g_ptr_array_new_with_free_func ((GDestroyNotify) profile_free);
  g_variant_get (reply, "(^a&o)", &paths);
  for (guint i = 0; paths[i]; i++)
    {
      Profile *profile = read_profile (bus, paths[i]);

      if (profile)
        g_ptr_array_add (profiles, profile);
    }
  return profiles;
}

char *
divert_profiles_find_uuid (GDBusConnection  *bus,
                           const char       *name,
                           GError          **error)
{
  g_autoptr(GPtrArray) profiles = NULL;
  g_autofree char *shown = NULL;
  const char *uuid = NULL;

  if (g_uuid_string_is_valid (name))
    return g_ascii_strdown (name, -1);

  profiles = read_profiles (bus, error);
  if (!profiles)
    return NULL;
  shown = divert_escape (name);
  for (guint i = 0; i < profiles->len; i++)
    {
      Profile *profile = g_ptr_array_index (profiles, i);

      if (!g_str_equal (profile->id, name))
        continue;
      if (uuid)
        {
          g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                       _("several connections have this name, give the UUID: '%s'"), shown);
          return NULL;
        }
      uuid = profile->uuid;
    }
  if (!uuid)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, _("no such connection: '%s'"), shown);
  return g_strdup (uuid);
}

GStrv
divert_profiles_list_names (GDBusConnection  *bus,
                            GError          **error)
{
  g_autoptr(GPtrArray) profiles = read_profiles (bus, error);
  GStrv names;

  if (!profiles)
    return NULL;
  names = g_new0 (char *, profiles->len + 1);
  for (guint i = 0; i < profiles->len; i++)
    names[i] = g_strdup (((Profile *) g_ptr_array_index (profiles, i))->id);
  return names;
}
