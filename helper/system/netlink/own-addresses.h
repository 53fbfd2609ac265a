/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The addresses of this machine, for sockets.c and conntrack.c, which
 * both must leave alone what is connected to the machine itself.
 */
#pragma once

#include "core/words/prefix.h"

G_BEGIN_DECLS

typedef struct DivertOwnAddresses DivertOwnAddresses;

DivertOwnAddresses *divert_own_addresses_read (GError **error);
void                divert_own_addresses_free (DivertOwnAddresses *own);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertOwnAddresses, divert_own_addresses_free)

/* One of them, or any of 127.0.0.0/8. */
gboolean            divert_own_addresses_contain (const DivertOwnAddresses *own, const DivertPrefix *address);

G_END_DECLS
