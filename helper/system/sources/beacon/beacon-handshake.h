/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One TLS handshake with a beacon, to check the peer's key.
 */
#pragma once

#include "core/config/config.h"

G_BEGIN_DECLS

typedef struct DivertHandshake DivertHandshake;

/* @failure is NULL if the peer has proven that it has the key, otherwise the reason.  There is no call
 * after this one. */
typedef void (*DivertHandshakeDone) (const char *failure, gpointer user_data);

/* Calls @done later, within @timeout_ms, from the default main context. */
DivertHandshake *divert_handshake_new (const DivertBeacon *beacon, guint ifindex, guint32 mark, guint timeout_ms,
                                       DivertHandshakeDone done, gpointer user_data);
/* Can be called from @done, or before it. */
void             divert_handshake_free (DivertHandshake *handshake);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertHandshake, divert_handshake_free)

G_END_DECLS
