/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who listens on the proxy's port.
 */
#pragma once

#include "core/words/prefix.h"

G_BEGIN_DECLS

typedef enum
{
  DIVERT_LISTENER_NONE,
  DIVERT_LISTENER_NOT_TRANSPARENT, /* somebody listens, but without IP_TRANSPARENT, so TPROXY drops */
  DIVERT_LISTENER_FOREIGN,         /* transparent, but no process in the proxy's group holds it */
  DIVERT_LISTENER_GOOD,
} DivertListener;

typedef struct
{
  DivertFamily   family;
  guint8         protocol; /* IPPROTO_TCP or IPPROTO_UDP */
  DivertListener listener;
} DivertListening;

G_END_DECLS
