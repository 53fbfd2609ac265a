/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A TLS 1.2 server whose certificate has an RSA key of any size, with an exponent of the same size. The client has to
 * verify the signature, and this takes as long as the server likes.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Sends @client everything that a server sends after the ClientHello, until it is the client's turn. */
void absurd_key_talk (int client, guint bits);

G_END_DECLS
