/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One TLS handshake with a beacon, for the sake of the peer's key.
 */
#pragma once

#include "core/config/config.h"

G_BEGIN_DECLS

typedef struct DivertHandshake DivertHandshake;

/* @failure is NULL when the peer has proven that it holds the key; else why it has not.  It is the
 * last that is heard. */
typedef void (*DivertHandshakeDone) (const char *failure, gpointer user_data);

/* @done is called later, from the default main context, within @timeout_ms. */
DivertHandshake *divert_handshake_new (const DivertBeacon *beacon, guint ifindex, guint32 mark, guint timeout_ms,
                                       DivertHandshakeDone done, gpointer user_data);
/* Also from within @done, or before. */
void             divert_handshake_free (DivertHandshake *handshake);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertHandshake, divert_handshake_free)

G_END_DECLS
