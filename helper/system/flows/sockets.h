/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Closes sockets that a change of place left behind.
 */
#pragma once

#include "core/words/prefix.h"

G_BEGIN_DECLS

/* Which sockets to close, by their remote address. */
typedef struct
{
  const GArray *to;       /* DivertPrefix: sockets connected to these */
  const GArray *all_but;  /* DivertPrefix: also all sockets connected to anything but these.  Spares sockets that
                           * somebody has marked and connections that a listener has accepted.  NULL: no others */
  guint32       judged;   /* among those others, spare sockets whose connection mark has one of these bits; 0: spare
                           * none by mark */
  guint32       gid;      /* the proxy's group, whose sockets stay */
} DivertDoomed;

/* Destroys (SOCK_DESTROY) TCP connections and connected UDP sockets; never a listener, a socket of the
 * proxy's, or one connected to this machine itself.  The work is bounded.  @ret_destroyed (optional): how
 * many. */
gboolean divert_sockets_destroy (const DivertDoomed *doomed, guint *ret_destroyed, GError **error);

G_END_DECLS
