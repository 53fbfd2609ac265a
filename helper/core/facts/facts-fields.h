/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fields of the facts, as tables for facts-text.c.
 */
#pragma once

#include "facts.h"

G_BEGIN_DECLS

/* One key of a group.  Both functions get a pointer to the field.  to_text may return NULL if there is
 * nothing to write. from_text returns FALSE to refuse; whatever it has written by then is freed with the
 * struct. */
typedef struct
{
  const char *key;
  gsize       offset;
  char     *(*to_text) (const void *field);
  gboolean  (*from_text) (const char *text, void *field);
} DivertField;

/* Each table ends with a NULL key. */
extern const DivertField divert_machine_fields[];
extern const DivertField divert_connection_fields[];
extern const DivertField divert_link_fields[];
extern const DivertField divert_route_fields[];
extern const DivertField divert_beacon_fields[];

G_END_DECLS
