/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A TLS 1.2 server whose certificate has an RSA key of any size, with an exponent as long: verifying its signature is
 * the client's work, and takes as long as the server likes.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Sends to @client, behind its ClientHello, all that a server sends before it is the client's turn. */
void absurd_key_talk (int client, guint bits);

G_END_DECLS
