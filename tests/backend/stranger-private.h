/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the stranger's world share: stranger.c, stranger-plant.c and stranger-count.c.
 */
#pragma once

#include "stranger.h"

G_BEGIN_DECLS

/* Nobody listens here.  The markers that separate one thing from the next use it. */
#define STRANGER_MARKER_PORT 9

void          stranger_set_option (int fd, int level, int option, int value);
/* The bytes of its address. */
gconstpointer stranger_raw_address (const struct sockaddr_storage *address);

/* The spy sees everything that arrives at the stranger. */
void          stranger_open_spy (void);
void          stranger_close_spy (void);

G_END_DECLS
