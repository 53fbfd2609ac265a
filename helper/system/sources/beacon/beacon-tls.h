/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The TLS handshake itself, as one blocking call.  Part of beacon-handshake.c, which gives it a thread and a deadline.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Does the peer of the blocking socket @fd have the key whose SubjectPublicKeyInfo has the digest
 * @sha256?  NULL if it does, otherwise why not.  Returns soon after somebody shuts @fd down, whatever the
 * peer has sent. */
char *divert_tls_prove (int fd, const guint8 sha256[32]);

G_END_DECLS
