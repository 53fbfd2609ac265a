/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fields of the facts, as tables for facts-text.c.
 */
#pragma once

#include "facts.h"

G_BEGIN_DECLS

/* How a field is written and read.  Both functions get a pointer to the field.  to_text may return NULL if there is
 * nothing to write. from_text returns FALSE to refuse; whatever it has written by then is freed with the
 * struct. */
typedef struct
{
  char     *(*to_text) (const void *field);
  gboolean  (*from_text) (const char *text, void *field);
} DivertFieldKind;

extern const DivertFieldKind divert_kind_text;           /* char *; of names */
extern const DivertFieldKind divert_kind_bytes;          /* GBytes * */
extern const DivertFieldKind divert_kind_bool;           /* gboolean */
extern const DivertFieldKind divert_kind_flag;           /* the same, but nothing is written if it is FALSE */
extern const DivertFieldKind divert_kind_path;           /* GRefString *; of a control group */
extern const DivertFieldKind divert_kind_id;             /* guint64 */
extern const DivertFieldKind divert_kind_number;         /* guint */
extern const DivertFieldKind divert_kind_index;          /* the same, but nothing is written for 0 */
extern const DivertFieldKind divert_kind_prefix;         /* DivertPrefix */
extern const DivertFieldKind divert_kind_addresses;      /* GArray * of DivertPrefix with host bits */
extern const DivertFieldKind divert_kind_some_addresses; /* the same, but nothing is written for none */
extern const DivertFieldKind divert_kind_prefixes;       /* GArray * of DivertPrefix; likewise */
extern const DivertFieldKind divert_kind_macs;           /* GArray * of DivertMac; likewise */

/* One key of a group. */
typedef struct
{
  const char            *key;
  gsize                  offset;
  const DivertFieldKind *kind;
} DivertField;

/* Each table ends with a NULL key. */
extern const DivertField divert_machine_fields[];
extern const DivertField divert_connection_fields[];
extern const DivertField divert_link_fields[];
extern const DivertField divert_route_fields[];
extern const DivertField divert_beacon_fields[];
extern const DivertField divert_unit_fields[];

G_END_DECLS
