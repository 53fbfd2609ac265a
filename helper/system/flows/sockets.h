/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The closing of sockets that a change of place left behind.
 */
#pragma once

#include "core/words/prefix.h"

G_BEGIN_DECLS

/* Which sockets are to end; by their remote address. */
typedef struct
{
  const GArray *to;       /* DivertPrefix: those to there */
  const GArray *all_but;  /* DivertPrefix: all others that are to none of these, unless somebody has marked or a
                           * listener has accepted them; NULL: no others */
  guint32       gid;      /* the proxy's, whose sockets stay */
} DivertDoomed;

/* Destroys (SOCK_DESTROY) TCP connections and connected UDP sockets.  Never a listener, never the proxy's, never one
 * that is connected to this machine itself.  Bounded work; returns how many. */
gboolean divert_sockets_destroy (const DivertDoomed *doomed, guint *ret_destroyed, GError **error);

G_END_DECLS
