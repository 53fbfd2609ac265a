/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists of port ranges, as GArray of DivertPorts.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* first … last, both included; first ≥ 1. */
typedef struct
{
  guint16 first, last;
} DivertPorts;

/* @ephemeral, or if they are unknown (0, 0), every port that an ordinary user's program can have. */
DivertPorts divert_ports_know_ephemeral (DivertPorts ephemeral);

GArray  *divert_ports_new (void);
void     divert_ports_add (GArray *ports, guint16 first, guint16 last);
/* "51820" or "6881-6889"; no leading zeros. */
gboolean divert_ports_parse (const char *text, DivertPorts *ret_ports);
/* "51820;6881-6889" */
char    *divert_ports_to_string (const GArray *ports);
gboolean divert_ports_equal (const GArray *a, const GArray *b);
gboolean divert_ports_contain (const GArray *ports, guint16 port);
/* A new, sorted list in which adjacent and overlapping ranges are joined. */
GArray  *divert_ports_merge (const GArray *ports);
/* A new list of all ports outside @ports, which must be merged. */
GArray  *divert_ports_invert (const GArray *ports);

static inline DivertPorts *
divert_ports_index (const GArray *ports,
                    guint         i)
{
  return &g_array_index (ports, DivertPorts, i);
}

G_END_DECLS
