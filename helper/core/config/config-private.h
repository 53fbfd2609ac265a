/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the configuration's makers.  From text to value: config-reader.c cuts a
 * file into lines, config-parse.c knows groups, duplicates and places,
 * config-keys.c is the table of keys, config-values.c, config-lists.c and config-beacon.c
 * read and write values, config-escape.c their escapes.  config-error.c words what
 * each of them refuses.
 *
 * Errors of the inner ones say "problem: 'value'"; config-parse.c puts
 * "FILE:LINE: [group] key: " in front.
 */
#pragma once

#include "config.h"

G_BEGIN_DECLS

/* Sets "problem: 'value'", the value escaped; returns FALSE. */
gboolean divert_config_refuse (DivertConfigError code, const char *problem, const char *value, GError **error);

/* Decimal, or, if @base is 16, 0x…; no sign, no leading zeros. */
gboolean divert_config_parse_unsigned (const char *value, guint base, guint64 min, guint64 max, guint64 *ret_number);

/* One file, line by line. */
typedef struct
{
  const char *rest;
  const char *end;
  guint       line;   /* the number of the line that was read last; from 1 */
  char       *group;  /* of the last header; NULL: none yet */
  char       *key;    /* NULL: the line is a group's header */
  char       *value;  /* still with its escapes; without blanks around it */
} DivertConfigReader;

void     divert_config_reader_init (DivertConfigReader *reader, const char *text, gsize length);
void     divert_config_reader_clear (DivertConfigReader *reader);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DivertConfigReader, divert_config_reader_clear)
/* The next header or key.  FALSE at the end, or with @error set. */
gboolean divert_config_reader_next (DivertConfigReader *reader, GError **error);

/* One kind of value.  Both functions get the field's place in its struct, or the struct itself for a value that
 * fills several of its fields.  format may return NULL: not set, nothing to write. */
typedef struct
{
  gboolean (*parse) (const char *value, void *field, GError **error);
  char    *(*format) (const void *field);
} DivertConfigKind;

extern const DivertConfigKind divert_config_text;      /* char *, not empty */
extern const DivertConfigKind divert_config_port;      /* guint16, 1 … 65535; 0 is "not set" */
extern const DivertConfigKind divert_config_port0;     /* guint16, 0 … 65535 */
extern const DivertConfigKind divert_config_number;    /* guint32, not 0, decimal or 0x… */
extern const DivertConfigKind divert_config_mask;      /* the same, written as 0x… */
extern const DivertConfigKind divert_config_table;     /* guint32, not 0 and not one of the kernel's own */
extern const DivertConfigKind divert_config_boolean;   /* gboolean, "true" or "false" */
extern const DivertConfigKind divert_config_backend;   /* DivertBackendKind */
extern const DivertConfigKind divert_config_allow;     /* gboolean, "allow" or "block" */
extern const DivertConfigKind divert_config_ports;     /* GArray of DivertPorts */
extern const DivertConfigKind divert_config_prefixes;  /* GArray of DivertPrefix */
/* Of a site; apart from zones, none may be empty. */
extern const DivertConfigKind divert_config_subnets;   /* GArray of DivertPrefix, where a site may be */
extern const DivertConfigKind divert_config_intranet;  /* DivertSite: intranet, intranet_auto6 */
extern const DivertConfigKind divert_config_uuids;     /* GStrv */
extern const DivertConfigKind divert_config_zones;     /* GStrv */
extern const DivertConfigKind divert_config_ssids;     /* GPtrArray of GBytes, of 1 … 32 bytes */
extern const DivertConfigKind divert_config_macs;      /* GArray of DivertMac */
extern const DivertConfigKind divert_config_security;  /* guint, DivertSecurity bits */
extern const DivertConfigKind divert_config_beacon;    /* DivertSite: has_beacon, beacon */

/* A value without its escapes, and a list cut into such values.  NULL and @error if it cannot be. */
char  *divert_config_unescape (const char *value, GError **error);
GStrv  divert_config_split (const char *value, guint max, GError **error);
/* The same of items that may hold any bytes, written \xHH where they are no text: GBytes. */
GPtrArray *divert_config_split_bytes (const char *value, guint max, GError **error);
/* And back. */
char  *divert_config_escape (const char *text);
char  *divert_config_escape_bytes (GBytes *bytes);
char  *divert_config_join (char **items);

typedef struct
{
  const char             *name;
  gsize                   offset;
  const DivertConfigKind *kind;
} DivertConfigKey;

#define DIVERT_CONFIG_MAX_KEYS 16 /* of one group, as many as the longest table has at most */

/* Keys that are also checked together with others. */
#define DIVERT_KEY_MARK     "mark"
#define DIVERT_KEY_MASK     "mask"
#define DIVERT_KEY_INTRANET "intranet"
#define DIVERT_KEY_BEACON   "beacon"

/* Each ends with a name that is NULL. */
extern const DivertConfigKey divert_proxy_keys[];  /* into DivertConfig */
extern const DivertConfigKey divert_divert_keys[]; /* into DivertConfig */
extern const DivertConfigKey divert_site_keys[];   /* into DivertSite */

G_END_DECLS
