/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the names for Wi-Fi security in the configuration and in NetworkManager.
 */
#include "security.h"

static const struct
{
  const char    *key_mgmt;
  DivertSecurity security;
  const char    *name; /* NULL: another row has the name */
} securities[] = {
  { "wpa-psk", DIVERT_SECURITY_WPA_PSK, "wpa-psk" },
  { "sae", DIVERT_SECURITY_SAE, "sae" },
  { "wpa-eap", DIVERT_SECURITY_8021X, "802.1x" },
  { "wpa-eap-suite-b-192", DIVERT_SECURITY_8021X, NULL },
  { "ieee8021x", DIVERT_SECURITY_8021X, NULL },
};

gboolean
divert_security_parse (const char     *name,
                       DivertSecurity *ret_security)
{
  for (guint i = 0; i < G_N_ELEMENTS (securities); i++)
    if (g_strcmp0 (securities[i].name, name) == 0)
      {
        *ret_security = securities[i].security;
        return TRUE;
      }
  return FALSE;
}

char *
divert_security_to_string (guint bits)
{
  g_autoptr(GString) text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (securities); i++)
    if (securities[i].name != NULL && (bits & securities[i].security) != 0)
      g_string_append_printf (text, "%s%s", text->len > 0 ? ";" : "", securities[i].name);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

guint
divert_security_from_key_mgmt (const char *key_mgmt)
{
  for (guint i = 0; i < G_N_ELEMENTS (securities); i++)
    if (g_strcmp0 (securities[i].key_mgmt, key_mgmt) == 0)
      return securities[i].security;
  return 0;
}
