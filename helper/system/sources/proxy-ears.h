/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hears of the ends of sockets on the proxy's ports.
 */
#pragma once

#include "core/facts/listener.h"

G_BEGIN_DECLS

/* A socket that is readable when one has ended that had no peer and was on one of the ports; at first there are none.
 * -1: the kernel doesn't tell. */
int  divert_proxy_ears_open (GError **error);
/* @needed: DivertListening. */
void divert_proxy_ears_set_ports (int ears, const GArray *needed);
/* Call this when it is readable. */
void divert_proxy_ears_empty (int ears);

G_END_DECLS
