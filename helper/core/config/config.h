/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration as a value.  Pure: system/files/config-files.c reads the files and passes their
 * text in, in order.
 *
 * Parsing is strict on purpose.  A mistyped key that is silently ignored would leave a machine
 * leaking, so everything unknown, duplicate or out of range is an error that names file, line, key
 * and value.  Public contract: nm-divert.conf(5).
 */
#pragma once

#include "core/words/mac.h"
#include "core/words/ports.h"
#include "core/words/prefix.h"
#include "core/words/unit.h"

G_BEGIN_DECLS

/* Limits on what one configuration may hold.  nm-divert.conf(5) names each of them, and so does the error
 * on exceeding it. */
#define DIVERT_CONFIG_MAX_FILE_BYTES (1024 * 1024) /* one file */
#define DIVERT_CONFIG_MAX_FILES      256           /* main file and conf.d together */
#define DIVERT_CONFIG_MAX_SITES      64
#define DIVERT_CONFIG_MAX_PREFIXES   4096          /* per list */
#define DIVERT_CONFIG_MAX_ITEMS      256           /* per list of anything else */
#define DIVERT_CONFIG_MAX_UNITS      16            /* each costs whatever goes to the proxy the first time */
#define DIVERT_SITE_NAME_MAX         32            /* characters: [A-Za-z0-9_.-], not "auto", "away" or "off".  The
                                                    * first is not '.' or '-', because the name becomes a file name
                                                    * and an argument. */
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
  DIVERT_BACKEND_NFTABLES,
} DivertBackendKind;

/* What becomes of traffic that is forwarded for own LANs. */
typedef enum
{
  DIVERT_FORWARD_INTRANET, /* diverted if it is for an intranet */
  DIVERT_FORWARD_ALL,      /* the same as this machine's own */
  DIVERT_FORWARD_NONE,     /* left alone; the fence still holds what is for an intranet */
} DivertForward;

/* Key managements that a site may require, as bits; named as in the security= key. */
typedef enum
{
  DIVERT_SECURITY_WPA_PSK = 1 << 0, /* "wpa-psk" */
  DIVERT_SECURITY_SAE     = 1 << 1, /* "sae" */
  DIVERT_SECURITY_8021X   = 1 << 2, /* "802.1x": wpa-eap, wpa-eap-suite-b-192 and wired 802.1X */
} DivertSecurity;

/* beacon=tls://ADDRESS:PORT sha256:HEX — a host in the intranet that proves its identity with its key. */
typedef struct
{
  DivertPrefix address;      /* full length, inside the site's intranet */
  guint16      port;
  guint8       sha256[32];   /* of the certificate's SubjectPublicKeyInfo, DER */
} DivertBeacon;

/* A further router of a site's, and the part of the intranet that is reached by it. */
typedef struct
{
  DivertPrefix address;      /* full length */
  GArray      *macs;         /* DivertMac; never empty */
  GArray      *behind;       /* DivertPrefix; never empty; of the same family, and without the address */
} DivertRouter;

typedef struct
{
  char     *name;
  GArray   *intranet;        /* DivertPrefix; never empty unless intranet_auto6 */
  gboolean  intranet_auto6;  /* "auto6" was in the list: include the IPv6 prefixes of the proven link */
  GStrv     uuids;           /* connection-uuid, lower case; may be empty */
  GStrv     zones;           /* zone; may be empty */
  GArray   *subnets;         /* DivertPrefix; empty: same as intranet */
  GArray   *gateway_macs;    /* DivertMac; empty: any */
  GPtrArray *routers;        /* DivertRouter; no prefix is behind two of them; empty: none */
  GPtrArray *ssids;          /* GBytes; empty: any */
  GArray   *bssids;          /* DivertMac; empty: any */
  guint     security;        /* DivertSecurity bits; 0: any */
  gboolean  has_beacon;
  DivertBeacon beacon;
  guint16   tproxy_port;     /* 0: use that of [proxy] */
  gboolean  internet_direct; /* internet=direct: here nothing needs the proxy; default FALSE: divert */
  gboolean  dns_direct;      /* dns=direct: here names are asked as without us; default FALSE: divert */
  char     *file;            /* the file that defines it */
} DivertSite;

typedef struct
{
  char             *group;        /* name or number as text; NULL: not set */
  char             *unit;         /* a unit of systemd's; NULL: not set.  The proxy is known by either. */
  guint16           tproxy_port;  /* default 22223 */
  guint16           dns_port;     /* default 1053; 0: no DNS redirection */
  guint32           mark;         /* default 23 */
  guint32           mask;         /* default 0xff */
  guint32           table;        /* default 2233; not 0, 253, 254, 255 */
  GArray           *bypass;       /* DivertPrefix; default: the private ranges */
  gboolean          ipv6;         /* default TRUE */
  GArray           *serve;        /* DivertPorts; default: none */
  GArray           *dns_except;   /* DivertPrefix: servers that are no business of the proxy's; default: none */
  GStrv             exempt_units; /* names of units; default: none */
  gboolean          intranet_other_allow; /* intranet-other=allow; default FALSE: block */
  DivertBackendKind backend;
  DivertForward     forward;
  GPtrArray        *forward_devices; /* char *, names of devices, which may hold any byte; empty: found by kind */
  GPtrArray        *sites;        /* DivertSite, in order of definition */
  GArray           *intranets;    /* DivertPrefix: theirs, as of divert_prefixes_merge(); NULL until
                                   * divert_config_finish() */
  char             *mark_origin;  /* "FILE:LINE" that last set mark or mask, for messages; NULL: defaults */
  char             *units_origin; /* "FILE:LINE: [GROUP] KEY" that last set unit or exempt-units; NULL: neither */
} DivertConfig;

/* A configuration with defaults only: no group, no site. */
DivertConfig *divert_config_new (void);
/* A reference for another owner, possibly in another thread.  The configuration must not change from now on. */
DivertConfig *divert_config_ref (const DivertConfig *config);
void          divert_config_free (DivertConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertConfig, divert_config_free)
/* Is the proxy named in any way? */
gboolean      divert_config_names_proxy (const DivertConfig *config);
/* Do rules depend on control groups? */
gboolean      divert_config_needs_cgroups (const DivertConfig *config);
/* Do both say the same?  Ignores which files they came from. */
gboolean      divert_config_equal (const DivertConfig *a, const DivertConfig *b);

/* Adds one file's text.  Later files override single keys; a site may be defined only once.  @name is for
 * messages ("/etc/nm-divert/nm-divert.conf").  On failure @config is undefined, but can be freed. */
gboolean      divert_config_add (DivertConfig *config, const char *name, const char *text, gsize length,
                                 GError **error);
/* Checks what spans files (mark inside mask, …); call it once, after the last divert_config_add().  It is not an
 * error here that neither group nor unit is set (see status). */
gboolean      divert_config_finish (DivertConfig *config, GError **error);

/* The effective configuration as canonical key file text: every key, with defaults. */
char         *divert_config_to_text (const DivertConfig *config);

DivertSite   *divert_site_new (const char *name, const char *file);
void          divert_site_free (DivertSite *site);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertSite, divert_site_free)
DivertRouter *divert_router_new (const DivertPrefix *address);
void          divert_router_free (DivertRouter *router);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertRouter, divert_router_free)
/* Of two DivertRouter; a GEqualFunc. */
gboolean      divert_router_equal (gconstpointer a, gconstpointer b);
/* The site's group, as in a configuration file. */
char         *divert_site_to_text (const DivertSite *site);
const DivertSite *divert_config_find_site (const DivertConfig *config, const char *name);
/* As ssid= accepts it: exact, printable, on one line. */
char         *divert_ssid_to_string (GBytes *ssid);
/* Is @name acceptable as the name of a site? */
gboolean      divert_site_name_is_valid (const char *name);
/* The connection must have an address in one of these prefixes: subnet=, or the intranet if that is not given. */
const GArray *divert_site_get_subnets (const DivertSite *site);

G_END_DECLS
