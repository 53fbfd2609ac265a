/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who listens on the ports that the rules lead to.
 */
#pragma once

#include "core/words/prefix.h"

G_BEGIN_DECLS

typedef enum
{
  DIVERT_LISTENER_NONE,
  DIVERT_LISTENER_NOT_TRANSPARENT, /* somebody listens, but without IP_TRANSPARENT, so TPROXY drops */
  DIVERT_LISTENER_FOREIGN,         /* somebody else than the proxy listens, alone or beside it */
  DIVERT_LISTENER_ASKS_ITSELF,     /* DNS: likewise, and what it asks comes back to it (memory/circle.h) */
  DIVERT_LISTENER_GOOD,
} DivertListener;

#define DIVERT_N_LISTENERS (DIVERT_LISTENER_GOOD + 1)

/* What leads to the port. */
typedef enum
{
  DIVERT_PORT_TPROXY, /* needs a transparent socket */
  DIVERT_PORT_DNS,    /* needs any socket, of anybody's */
} DivertPortUse;

#define DIVERT_N_PORT_USES (DIVERT_PORT_DNS + 1)

typedef struct
{
  DivertPortUse  use;
  guint16        port;
  guint8         protocol; /* IPPROTO_TCP or IPPROTO_UDP */
  DivertFamily   family;
  DivertListener listener;
  guint32        uid;      /* FOREIGN, ASKS_ITSELF: whose socket it is */
  guint64        sockets;  /* DNS, FOREIGN: other ones make another number; not in the text */
  gboolean       wildcard; /* DNS over UDP: it has no address of its own, so unless its program takes care (IP_PKTINFO),
                            * the answer has another address than the question */
} DivertListening;

/* "none", "not-transparent", "foreign", "asks-itself", "good"; static. */
const char    *divert_listener_name (DivertListener listener);

/* Does the port lack what the rules need there?  A DNS port may be anybody's. */
gboolean       divert_listening_is_wrong (const DivertListening *item);

/* Lists are GArray of DivertListening. */
GArray        *divert_listening_new (void);
int            divert_listening_compare (const DivertListening *a, const DivertListening *b);
gboolean       divert_listening_equal (const GArray *a, const GArray *b);
/* The entry for that port; NULL: nothing is known of it. */
const DivertListening *divert_listening_find (const GArray *list, DivertPortUse use, guint16 port, guint8 protocol,
                                              DivertFamily family);
/* The families (bits) in which the resolver on the DNS port asks itself. */
DivertFamilies divert_listening_find_circles (const GArray *list, guint16 port);
/* Somebody else than the proxy, asking itself or not: then there is a user. */
gboolean       divert_listener_is_foreign (DivertListener listener);

/* "tproxy tcp IPv4 1081 foreign 1000;dns udp IPv4 1053 good wildcard;…"; NULL for an empty list. */
char          *divert_listening_to_text (const GArray *list);
/* Appends to @list.  FALSE: not such a text. */
gboolean       divert_listening_from_text (const char *text, GArray *list);

G_END_DECLS
