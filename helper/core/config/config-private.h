/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the files that make the configuration.  From text to value: config-reader.c cuts a file
 * into lines; config-parse.c knows groups, duplicates and positions; config-keys.c is the table of
 * keys; config-values.c, config-lists.c, config-units.c, config-router.c and config-beacon.c parse and format values;
 * config-escape.c handles their escapes; config-error.c words the errors.
 *
 * The inner files report "problem: 'value'"; config-parse.c prefixes that with "FILE:LINE: [group]
 * key: ".
 */
#pragma once

#include "config.h"

G_BEGIN_DECLS

/* Sets the error "problem: 'value'", with the value escaped; returns FALSE. */
gboolean divert_config_refuse (DivertConfigError code, const char *problem, const char *value, GError **error);

/* Decimal, or 0x… as well if @base is 16; no sign, no leading zeros. */
gboolean divert_config_parse_unsigned (const char *value, guint base, guint64 min, guint64 max, guint64 *ret_number);

/* One file, line by line. */
typedef struct
{
  const char *rest;
  const char *end;
  guint       line;   /* the number of the last line read, from 1 */
  char       *group;  /* from the last header; NULL: none yet */
  char       *key;    /* NULL: the line is a group header */
  char       *value;  /* still escaped; without surrounding blanks */
} DivertConfigReader;

void     divert_config_reader_init (DivertConfigReader *reader, const char *text, gsize length);
void     divert_config_reader_clear (DivertConfigReader *reader);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DivertConfigReader, divert_config_reader_clear)
/* Reads the next header or key.  FALSE at the end of the file, or with @error set. */
gboolean divert_config_reader_next (DivertConfigReader *reader, GError **error);

/* One kind of value.  Both functions get a pointer to the field, or to the whole struct for a value that
 * fills several fields.  format may return NULL if the value is not set, so there is nothing to write. */
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
extern const DivertConfigKind divert_config_way;       /* gboolean, "direct" or "divert", which is not written */
extern const DivertConfigKind divert_config_forward;   /* DivertForward */
extern const DivertConfigKind divert_config_devices;   /* GPtrArray of char *, names of devices */
extern const DivertConfigKind divert_config_ports;     /* GArray of DivertPorts */
extern const DivertConfigKind divert_config_prefixes;  /* GArray of DivertPrefix */
extern const DivertConfigKind divert_config_except;    /* the same; empty unless given */
extern const DivertConfigKind divert_config_unit;      /* char *, the name of a unit that may be the proxy's */
extern const DivertConfigKind divert_config_units;     /* GStrv, names of units */
/* For sites.  Except for zones, none may be empty. */
extern const DivertConfigKind divert_config_subnets;   /* GArray of DivertPrefix, each one that a site can have */
extern const DivertConfigKind divert_config_intranet;  /* DivertSite: intranet, intranet_auto6 */
extern const DivertConfigKind divert_config_uuids;     /* GStrv */
extern const DivertConfigKind divert_config_zones;     /* GStrv */
extern const DivertConfigKind divert_config_ssids;     /* GPtrArray of GBytes, of 1 … 32 bytes */
extern const DivertConfigKind divert_config_macs;      /* GArray of DivertMac */
extern const DivertConfigKind divert_config_security;  /* guint, DivertSecurity bits */
extern const DivertConfigKind divert_config_beacon;    /* DivertSite: has_beacon, beacon */

extern const DivertConfigKind divert_config_routers;   /* GPtrArray of DivertRouter */

/* A value without its escapes, and a list split into such values.  NULL with @error set on failure. */
char  *divert_config_unescape (const char *value, GError **error);
GStrv  divert_config_split (const char *value, guint max, GError **error);
/* The same for items that may hold arbitrary bytes, written as \xHH where they are not text: GBytes. */
GPtrArray *divert_config_split_bytes (const char *value, guint max, GError **error);
/* The reverse. */
char  *divert_config_escape (const char *text);
char  *divert_config_escape_bytes (GBytes *bytes);
char  *divert_config_join (char **items);

typedef struct
{
  const char             *name;
  gsize                   offset;
  const DivertConfigKind *kind;
} DivertConfigKey;

#define DIVERT_CONFIG_MAX_KEYS 16 /* of one group: no table is longer */

/* Keys that are also checked in combination. */
#define DIVERT_KEY_MARK     "mark"
#define DIVERT_KEY_MASK     "mask"
#define DIVERT_KEY_UNIT     "unit"
#define DIVERT_KEY_EXEMPT_UNITS "exempt-units"
#define DIVERT_KEY_INTRANET "intranet"
#define DIVERT_KEY_ROUTER   "router"
#define DIVERT_KEY_BEACON   "beacon"
#define DIVERT_KEY_INTERNET "internet"
#define DIVERT_KEY_DNS      "dns"

/* Does each of the routers of @site have something to lead to? */
gboolean divert_config_check_routers (const DivertSite *site, GError **error);

/* Each table ends with a NULL name. */
extern const DivertConfigKey divert_proxy_keys[];  /* offsets in DivertConfig */
extern const DivertConfigKey divert_divert_keys[]; /* offsets in DivertConfig */
extern const DivertConfigKey divert_site_keys[];   /* offsets in DivertSite */

G_END_DECLS
