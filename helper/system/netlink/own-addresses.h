/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The addresses of this machine.  sockets.c and conntrack.c need them, because both must leave
 * connections to the machine itself alone.
 */
#pragma once

#include "core/words/prefix.h"

G_BEGIN_DECLS

typedef struct DivertOwnAddresses DivertOwnAddresses;

DivertOwnAddresses *divert_own_addresses_read (GError **error);
void                divert_own_addresses_free (DivertOwnAddresses *own);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertOwnAddresses, divert_own_addresses_free)

/* Is @address one of them, or in 127.0.0.0/8? */
gboolean            divert_own_addresses_contain (const DivertOwnAddresses *own, const DivertPrefix *address);
/* A new list of DivertPrefix: all of these. */
GArray             *divert_own_addresses_list (const DivertOwnAddresses *own);

G_END_DECLS
