/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kinds of Wi-Fi security that a site can require.
 */
#pragma once

#include "config.h"

G_BEGIN_DECLS

/* @name: as in the configuration: "wpa-psk", "sae" or "802.1x". */
gboolean divert_security_parse (const char *name, DivertSecurity *ret_security);
/* The names of all @bits, separated by ';'; a new string, "" if there are none. */
char    *divert_security_to_string (guint bits);
/* @key_mgmt: NetworkManager's name (nm-settings(5), 802-11-wireless-security.key-mgmt); NULL for an open
 * network.  Returns 0 if it is none of these kinds. */
guint    divert_security_from_key_mgmt (const char *key_mgmt);

G_END_DECLS
