/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kinds of Wi-Fi security that a site can ask for.
 */
#pragma once

#include "config.h"

G_BEGIN_DECLS

/* @name: the configuration's word, "wpa-psk", "sae" or "802.1x". */
gboolean divert_security_parse (const char *name, DivertSecurity *ret_security);
/* The words of all in @bits, separated by ';'; a new string, "" if there is none. */
char    *divert_security_to_string (guint bits);
/* @key_mgmt: NetworkManager's word (nm-settings(5), 802-11-wireless-security.key-mgmt); NULL: an
 * open network.  0 if it is none of these. */
guint    divert_security_from_key_mgmt (const char *key_mgmt);

G_END_DECLS
