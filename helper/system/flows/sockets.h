/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Closes sockets that a change of place left behind.
 */
#pragma once

#include "core/words/ports.h"
#include "core/words/prefix.h"

G_BEGIN_DECLS

/* Which sockets to close, by their remote address.  A transparent socket stands in a server's place, so its local
 * address counts as well, unless it is connected to this machine itself: its peer is in an own LAN. */
typedef struct
{
  const GArray *to;       /* DivertPrefix: sockets connected to these */
  const GArray *also_to;  /* likewise, but spares those that all_but spares; NULL: none */
  const GPtrArray *units; /* likewise, sockets of these control groups (paths), or of those below them; NULL: none */
  gboolean      dns;      /* likewise, TCP connections to port 53 */
  const GArray *lans;     /* DivertPrefix: transparent sockets connected to these; NULL: none */
  const GArray *all_but;  /* DivertPrefix: also all sockets connected to anything but these.  Spares sockets that
                           * somebody has marked and connections that others opened (incoming.h).  NULL: no others */
  guint32       judged;   /* among those of all_but, spare sockets whose connection mark has one of these bits; 0: spare
                           * none by mark */
  guint32       served;   /* one of those that are judged: what others opened to us, as far as the rules can tell; over
                           * TCP it only spares what the socket confirms; 0: there is none */
  DivertPorts   ephemeral; /* 0, 0: unknown */
  const GArray *serve;    /* DivertPorts: of these, those that the rules take for a server's; NULL: none */
  guint32       only, mask; /* … and all whose connection mark isn't @only within @mask; 0: that doesn't matter */
  guint32       gid;      /* the proxy's group, whose sockets stay; G_MAXUINT32: none */
  const char   *unit;     /* likewise, the path of the control group of its unit; NULL: none */
} DivertDoomed;

/* Destroys (SOCK_DESTROY) TCP connections and connected UDP sockets; never a listener, one connected to this machine
 * itself, or a socket of the proxy's that leads to a server.  The work is bounded.  @ret_destroyed (optional): how
 * many. */
gboolean divert_sockets_destroy (const DivertDoomed *doomed, guint *ret_destroyed, GError **error);

G_END_DECLS
