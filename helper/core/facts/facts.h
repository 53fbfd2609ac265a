/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The facts: what NetworkManager and the kernel say at one moment, as a plain
 * value.  Gathered by system/; nothing downstream asks for more.
 * All text in it is hostile: it is compared, and escaped before it is shown.
 *
 * Who says what: identity (UUID, zone, type, SSID, security, activation) comes
 * from NetworkManager; state (carrier, addresses, gateways, neighbours, routes)
 * from the kernel, because NetworkManager reports a lost carrier only after six
 * seconds and the kernel at once.
 */
#pragma once

#include "core/words/mac.h"
#include "core/words/ports.h"
#include "core/words/prefix.h"

G_BEGIN_DECLS

/* An active connection of NetworkManager's. */
typedef struct
{
  char     *uuid;
  char     *id;
  char     *zone;      /* connection.zone; NULL: unset */
  char     *type;      /* connection.type: "802-3-ethernet", "802-11-wireless", "vpn", "bridge" … */
  char     *device;    /* interface name; "" when it has none */
  gboolean  up;        /* the device has its addresses: state ip-check … activated, and is not going down */
  gboolean  external;  /* made by NetworkManager for a device that somebody else configured */
  char     *key_mgmt;  /* "wpa-psk", "sae", "wpa-eap", "ieee8021x" …; NULL: none, an open network */
  GBytes   *ssid;      /* NULL: not Wi-Fi, or not associated */
  gboolean  has_bssid;
  DivertMac bssid;
  char     *activation;     /* names this activation among those of this process; NULL: unknown; not in the text form */
  GArray   *known_gateways; /* DivertMac: of its gateways, since it first proved a site; empty: none (anchors.c) */
  gboolean  returned;       /* it may be another network since then: carrier was lost, or its link's epoch changed */
} DivertConnection;

typedef enum
{
  DIVERT_GATEWAY_UNKNOWN,  /* nobody asked for its link-layer address */
  DIVERT_GATEWAY_PENDING,  /* asked, no answer yet */
  DIVERT_GATEWAY_RESOLVED, /* answered since the link last came up */
  DIVERT_GATEWAY_FAILED,   /* asked, no answer in time */
} DivertGatewayState;

/* A default gateway of a link. */
typedef struct
{
  DivertPrefix       address;
  DivertGatewayState state;
  GArray            *macs;  /* DivertMac: every address it answered with of late, the newest first */
  gboolean           newcomer; /* no gateway that is known has answered since this one did first (anchors.c) */
  gint64             first_answer, last_answer; /* since it is RESOLVED (µs, monotonic); not in the text form */
} DivertGateway;

typedef struct
{
  guint      ifindex;
  char      *name;
  gboolean   carrier;    /* administratively up, and something is plugged in */
  guint      carrier_changes; /* how often the carrier came and went; not in the text form */
  guint      epoch;      /* differs when it may be another network than before: what was proven must be proven again.
                          * Of one process; not in the text form. */
  GArray    *addresses;  /* DivertPrefix with host bits; usable ones: not tentative, not failed */
  GArray    *fresh;      /* DivertPrefix: those of them that came after any gateway of the link has last answered */
  GPtrArray *gateways;   /* DivertGateway */
} DivertLink;

/* A unicast route of the main table, other than default routes. */
typedef struct
{
  DivertPrefix destination;
  gboolean     has_gateway;
  DivertPrefix gateway;
  guint        ifindex;     /* 0: unreachable, blackhole … */
} DivertRoute;

typedef enum
{
  DIVERT_BEACON_PENDING,
  DIVERT_BEACON_PROVEN,
  DIVERT_BEACON_FAILED,
} DivertBeaconState;

/* What came of asking a site's beacon through a link. */
typedef struct
{
  char             *site;
  guint             ifindex;
  DivertBeaconState state;
  char             *detail;  /* why it failed; NULL */
} DivertBeaconFact;

typedef struct
{
  gboolean   nm_running;
  gboolean   sleeping;     /* the machine is about to suspend */
  GArray    *former;       /* DivertPrefix: what auto6 has let go straight so far, see core/memory/auto6-memory.h */
  DivertPorts ephemeral;   /* the ports of sockets that ask for none; 0, 0: not known */
  GPtrArray *connections;  /* DivertConnection, sorted by UUID, then device */
  GPtrArray *links;        /* DivertLink, sorted by ifindex; without loopback */
  GArray    *routes;       /* DivertRoute */
  GPtrArray *beacons;      /* DivertBeaconFact */
} DivertFacts;

DivertFacts      *divert_facts_new (void);
/* The same, for another owner, who may be another thread: from now on they do not change any more. */
DivertFacts      *divert_facts_ref (const DivertFacts *facts);
void              divert_facts_free (DivertFacts *facts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertFacts, divert_facts_free)

/* NetworkManager's words for the kinds of device that a cable or a radio is behind; ends with NULL. */
extern const char *const divert_connection_real_types[];

DivertConnection *divert_connection_new (void);
/* Only such a device says where the machine is: a VPN's or a bridge's addresses are given by software. */
gboolean          divert_connection_is_real (const DivertConnection *connection);
void              divert_connection_free (DivertConnection *connection);
DivertLink       *divert_link_new (void);
void              divert_link_free (DivertLink *link);
DivertGateway    *divert_gateway_new (const DivertPrefix *address);
void              divert_gateway_free (DivertGateway *gateway);
DivertBeaconFact *divert_beacon_fact_new (const char *site, guint ifindex, DivertBeaconState state, const char *detail);
void              divert_beacon_fact_free (DivertBeaconFact *beacon);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertConnection, divert_connection_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertLink, divert_link_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertGateway, divert_gateway_free)

/* Owned by @facts; NULL if there is none. */
const DivertLink *divert_facts_find_link (const DivertFacts *facts, const char *name);

/* Has a link that was up in @before gone since, or may it be another network's now? */
gboolean          divert_facts_have_left (const DivertFacts *before, const DivertFacts *now);

/* Puts the lists into their order, so that equal facts have equal text. */
void              divert_facts_sort (DivertFacts *facts);
/* Key file text; and back (for golden cases and bug reports).  Any bytes in names survive it: what is
 * not printable ASCII is %-escaped.  Strict: an unknown group or key is an error.  The form:
 * see tests/unit/test-facts.c, which has all of it. */
char             *divert_facts_to_text (const DivertFacts *facts);
DivertFacts      *divert_facts_from_text (const char *text, gsize length, GError **error);
/* Names the network that we are on: "uuid@device …" of all connections that are up and not external;
 * NULL: NetworkManager is not running, so nobody knows.
 * "Until the network changes" means: until this changes. */
char             *divert_facts_network (const DivertFacts *facts);

G_END_DECLS
