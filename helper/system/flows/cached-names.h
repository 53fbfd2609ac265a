/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers to DNS queries that local resolvers keep, and that somebody else has given than who is asked now.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Asks systemd-resolved and dnsmasq over the bus to forget theirs.  Returns at once. */
void divert_cached_names_flush (void);

G_END_DECLS
