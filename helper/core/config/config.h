/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration as a value.  Pure: files are read elsewhere
 * (system/files/config-files.c) and handed in as text, in order.
 *
 * Strict on purpose: a mistyped key that is silently ignored would leave a
 * machine leaking, so everything unknown, doubled or out of range is an error
 * that names file, line, key and value.  Public contract: nm-divert.conf(5).
 */
#pragma once

#include "core/words/mac.h"
#include "core/words/ports.h"
#include "core/words/prefix.h"

G_BEGIN_DECLS

/* Limits on what one configuration may hold; each is named in the error that it
 * causes and in nm-divert.conf(5). */
#define DIVERT_CONFIG_MAX_FILE_BYTES (1024 * 1024) /* one file */
#define DIVERT_CONFIG_MAX_FILES      256           /* main file and conf.d together */
#define DIVERT_CONFIG_MAX_SITES      64
#define DIVERT_CONFIG_MAX_PREFIXES   4096          /* in one list */
#define DIVERT_CONFIG_MAX_ITEMS      256           /* in any other list */
#define DIVERT_SITE_NAME_MAX         32            /* characters: [A-Za-z0-9_.-], not "auto", "away", "off";
                                                    * no '.' or '-' in front: it becomes a file name and an argument */
#define DIVERT_SSID_MAX              32            /* bytes, IEEE 802.11 */

#define DIVERT_CONFIG_ERROR (divert_config_error_quark ())
GQuark divert_config_error_quark (void);

typedef enum
{
  DIVERT_CONFIG_ERROR_SYNTAX,
  DIVERT_CONFIG_ERROR_UNKNOWN,   /* group or key */
  DIVERT_CONFIG_ERROR_VALUE,
  DIVERT_CONFIG_ERROR_DUPLICATE, /* a site or key twice */
  DIVERT_CONFIG_ERROR_MISSING,   /* an empty intranet, no [proxy] group … */
  DIVERT_CONFIG_ERROR_LIMIT,
  DIVERT_CONFIG_ERROR_FILE,      /* unreadable, or writable by others */
} DivertConfigError;

typedef enum
{
  DIVERT_BACKEND_AUTO,
  DIVERT_BACKEND_IPTABLES,
} DivertBackendKind;

/* Key managements that a site may ask for, as bits; names as in the security= key. */
typedef enum
{
  DIVERT_SECURITY_WPA_PSK = 1 << 0, /* "wpa-psk" */
  DIVERT_SECURITY_SAE     = 1 << 1, /* "sae" */
  DIVERT_SECURITY_8021X   = 1 << 2, /* "802.1x": wpa-eap, wpa-eap-suite-b-192 and wired 802.1X */
} DivertSecurity;

/* beacon=tls://ADDRESS:PORT sha256:HEX — a host of the intranet that proves itself by its key. */
typedef struct
{
  DivertPrefix address;      /* full length, inside the site's intranet */
  guint16      port;
  guint8       sha256[32];   /* of the certificate's SubjectPublicKeyInfo, DER */
} DivertBeacon;

typedef struct
{
  char     *name;
  GArray   *intranet;        /* DivertPrefix; never empty unless intranet_auto6 */
  gboolean  intranet_auto6;  /* "auto6" was in the list: the proven link's own IPv6 prefixes */
  GStrv     uuids;           /* connection-uuid, lower case; may be empty */
  GStrv     zones;           /* zone; may be empty */
  GArray   *subnets;         /* DivertPrefix; empty: the intranet */
  GArray   *gateway_macs;    /* DivertMac; empty: not asked for */
  GPtrArray *ssids;          /* GBytes; empty: not asked for */
  GArray   *bssids;          /* DivertMac; empty: not asked for */
  guint     security;        /* DivertSecurity bits; 0: not asked for */
  gboolean  has_beacon;
  DivertBeacon beacon;
  guint16   tproxy_port;     /* 0: [proxy]'s */
  char     *file;            /* the file that defines it */
} DivertSite;

typedef struct
{
  char             *group;        /* name or number as text; NULL when not set yet */
  guint16           tproxy_port;  /* default 22223 */
  guint16           dns_port;     /* default 1053; 0: no DNS redirection */
  guint32           mark;         /* default 23 */
  guint32           mask;         /* default 0xff */
  guint32           table;        /* default 2233; not 0, 253, 254, 255 */
  GArray           *bypass;       /* DivertPrefix; default: the private ranges */
  gboolean          ipv6;         /* default TRUE */
  GArray           *serve;        /* DivertPorts; default: none */
  gboolean          intranet_other_allow; /* intranet-other=allow; default FALSE: block */
  DivertBackendKind backend;
  GPtrArray        *sites;        /* DivertSite, in order of definition */
  char             *mark_origin;  /* "FILE:LINE" that set mark or mask last, for messages; NULL: defaults */
} DivertConfig;

/* A configuration of defaults only: no group, no site. */
DivertConfig *divert_config_new (void);
/* The same, for another owner, who may be another thread: from now on it does not change any more. */
DivertConfig *divert_config_ref (const DivertConfig *config);
void          divert_config_free (DivertConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertConfig, divert_config_free)
/* Do both say the same? (In which files does not matter.) */
gboolean      divert_config_equal (const DivertConfig *a, const DivertConfig *b);

/* Adds one file's text; later files override single keys, a site may be defined
 * once.  @name is for messages ("/etc/nm-divert/nm-divert.conf").  On failure
 * @config is in an undefined but freeable state. */
gboolean      divert_config_add (DivertConfig *config, const char *name, const char *text, gsize length,
                                 GError **error);
/* Checks what spans files (mark inside mask, …); call once behind the last
 * divert_config_add().  A missing group is no error here (see status). */
gboolean      divert_config_finish (DivertConfig *config, GError **error);

/* Effective, canonical key file text: every key, defaults included. */
char         *divert_config_to_text (const DivertConfig *config);

DivertSite   *divert_site_new (const char *name, const char *file);
void          divert_site_free (DivertSite *site);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertSite, divert_site_free)
/* The site's group as a configuration file has it. */
char         *divert_site_to_text (const DivertSite *site);
const DivertSite *divert_config_find_site (const DivertConfig *config, const char *name);
/* As ssid= takes it: exact, printable, one line. */
char         *divert_ssid_to_string (GBytes *ssid);
/* Would @name do as a site's name? */
gboolean      divert_site_name_is_valid (const char *name);
/* The prefixes of which the connection must hold an address: subnet, or else intranet. */
const GArray *divert_site_get_subnets (const DivertSite *site);

G_END_DECLS
