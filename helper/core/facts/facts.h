/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The facts: what NetworkManager and the kernel report at one moment, as a plain value.  system/
 * gathers them; nothing downstream asks for more.  All text in them is hostile: compare it, and
 * escape it before showing it.
 *
 * Identity (UUID, zone, type, SSID, security, activation) comes from NetworkManager.  State
 * (carrier, addresses, gateways, neighbours, routes) comes from the kernel, because the kernel
 * reports a lost carrier at once and NetworkManager only after six seconds.
 */
#pragma once

#include "listener.h"

#include "core/words/mac.h"
#include "core/words/ports.h"
#include "core/words/prefix.h"
#include "core/words/unit.h"

G_BEGIN_DECLS

/* An active connection in NetworkManager. */
typedef struct
{
  char     *uuid;
  char     *id;
  char     *zone;      /* connection.zone; NULL: unset */
  gboolean  private;   /* the profile is some users' own (connection.permissions), so one of them may have written it */
  char     *type;      /* connection.type: "802-3-ethernet", "802-11-wireless", "vpn", "bridge" … */
  char     *device;    /* interface name; "" if it has none */
  gboolean  up;        /* the device has its addresses: its state is ip-check … activated, and it is not going down */
  gboolean  external;  /* NetworkManager made it for a device that somebody else configured */
  gboolean  shared;    /* others on the device reach the network through this machine: a hotspot */
  char     *key_mgmt;  /* "wpa-psk", "sae", "wpa-eap", "ieee8021x" …; NULL: none, an open network */
  GBytes   *ssid;      /* NULL: not Wi-Fi, or not associated */
  gboolean  has_bssid;
  DivertMac bssid;
  char     *activation;     /* identifies this activation within this process; NULL: unknown; not in the text form */
  GArray   *known_gateways; /* DivertMac: its gateways' since it first proved a site; empty: none (anchors.c) */
  gboolean  returned;       /* it may have become another network since then: the carrier was lost, or its link's
                             * epoch changed */
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
  GArray            *macs;  /* DivertMac: every address that answered recently, newest first */
  gboolean           newcomer; /* no known gateway has answered since this one first did (anchors.c) */
  gint64             first_answer, last_answer; /* since it became RESOLVED (µs, monotonic); not in the text form */
} DivertGateway;

typedef struct
{
  DivertPrefix address; /* as in DivertLink */
  gint64       at;      /* µs, monotonic */
} DivertArrival;

typedef struct
{
  guint      ifindex;
  char      *name;
  char      *kind;       /* The kernel's word for a device of software: "bridge", "veth", "macvlan", …; "tap"
                          * and "tun" for the two kinds of tun device.  NULL: it has hardware, or nobody knows. */
  guint      master;     /* the ifindex of the bridge or bond that it is a port of; 0: of none */
  guint      lower;      /* the ifindex of the link that a VLAN or a macvlan is on; 0: none here */
  guint      peer;       /* the ifindex of a veth's other end; 0: in another namespace (a container), or no veth */
  guint32    bonding;    /* Of a bond: which port it uses.  Of a bond's port: whether it is used.  0: nothing of that
                          * kind.  Only to be compared with what it was; not in the text form. */
  gboolean   carrier;    /* administratively up, and something is plugged in */
  guint      carrier_changes; /* how often the carrier came or went; not in the text form */
  guint      epoch;      /* Changes when it may have become another network, so that everything must be proven again.
                          * Only comparable within one process; not in the text form. */
  GArray    *addresses;  /* DivertPrefix with host bits; only usable ones: not tentative, not failed */
  GArray    *arrivals;   /* DivertArrival: when each of the addresses arrived; not in the text form */
  GArray    *fresh;      /* DivertPrefix: those of the addresses that no gateway's answer vouches for (freshness.c) */
  GPtrArray *gateways;   /* DivertGateway */
  GPtrArray *routers;    /* DivertGateway: those that the configuration names and a route leads by, and that are no
                          * default gateways */
  GArray    *own_macs;   /* DivertMac: from which this machine itself sends by this device, if others may send by it as
                          * well: macvlan children in other network namespaces.  Empty: none is known. */
} DivertLink;

/* A unicast route of the main table, other than a default route. */
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

/* The outcome of asking a site's beacon through a link. */
typedef struct
{
  char             *site;
  guint             ifindex;
  DivertBeaconState state;
  char             *detail;  /* why it failed, or NULL */
} DivertBeaconFact;

/* Where the ip rules of other programs are in the kernel's list, for one family.  Only those count that can take a
 * packet. */
typedef struct
{
  guint32  local; /* the priority of the rule for the table "local"; usually 0 */
  guint32  first; /* the lowest priority of a rule behind that one, or of one at the same priority; G_MAXUINT32: none */
  gboolean ahead; /* a rule comes before any place that ours can have */
} DivertRuleOrder;

/* The control group of a unit that is named in the configuration and runs. */
typedef struct
{
  GRefString *path;  /* below the root; valid (words/unit.h) */
  guint64     id;    /* the kernel's; another one each time that the unit starts */
} DivertUnit;

typedef struct
{
  gboolean   nm_running;
  gboolean   sleeping;     /* the machine is about to suspend */
  GArray    *former;       /* DivertPrefix: what auto6 has let go direct so far; see core/memory/auto6-memory.h */
  DivertPorts ephemeral;   /* the kernel's ephemeral port range; 0, 0: unknown */
  gboolean   bridge_frames; /* there are bridges, and br_netfilter, which can show the packet filter their frames … */
  gboolean   bridge_calls;  /* … and does so */
  gboolean   has_cgroups;  /* control groups of version 2 can be read; FALSE as well if nobody needs them */
  GPtrArray *units;        /* DivertUnit, sorted by path; a name may have several, in users' slices */
  GPtrArray *connections;  /* DivertConnection, sorted by UUID, then device */
  GPtrArray *links;        /* DivertLink, sorted by ifindex; without the loopback */
  GArray    *routes;       /* DivertRoute */
  DivertRuleOrder order[DIVERT_N_FAMILIES];
  GPtrArray *beacons;      /* DivertBeaconFact */
  GArray    *listening;    /* DivertListening, sorted: what is known of the ports that the rules lead to */
} DivertFacts;

DivertFacts      *divert_facts_new (void);
/* A reference for another owner, possibly in another thread.  The facts must not change from now on. */
DivertFacts      *divert_facts_ref (const DivertFacts *facts);
void              divert_facts_free (DivertFacts *facts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertFacts, divert_facts_free)

/* NetworkManager's names for the types of device that have a cable or a radio; ends with NULL. */
extern const char *const divert_connection_real_types[];

DivertConnection *divert_connection_new (void);
/* Only such a device can tell where the machine is: software chooses the addresses of a VPN or a bridge. */
gboolean          divert_connection_is_real (const DivertConnection *connection);
/* Leads to whoever has its key, wherever the machine is: WireGuard, another VPN, or a program behind a tun device. */
gboolean          divert_connection_is_tunnel (const DivertConnection *connection);
void              divert_connection_free (DivertConnection *connection);
DivertLink       *divert_link_new (void);
void              divert_link_free (DivertLink *link);
DivertGateway    *divert_gateway_new (const DivertPrefix *address);
void              divert_gateway_free (DivertGateway *gateway);
DivertUnit       *divert_unit_new (const char *path, guint64 id);
void              divert_unit_free (DivertUnit *unit);
DivertBeaconFact *divert_beacon_fact_new (const char *site, guint ifindex, DivertBeaconState state, const char *detail);
void              divert_beacon_fact_free (DivertBeaconFact *beacon);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertConnection, divert_connection_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertLink, divert_link_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertGateway, divert_gateway_free)

/* As without rules of other programs. */
void              divert_rule_order_init (DivertRuleOrder *order);

/* Owned by @facts; NULL if there is none. */
const DivertLink *divert_facts_find_link (const DivertFacts *facts, const char *name);

/* The control group of the system's unit @name; NULL: it does not run. */
const DivertUnit *divert_facts_find_unit (const DivertFacts *facts, const char *name);
/* The same in a list of DivertUnit. */
const DivertUnit *divert_units_find (const GPtrArray *units, const char *name);

/* Since @before, has a link that was up gone down, or may one have become another network? */
gboolean          divert_facts_have_left (const DivertFacts *before, const DivertFacts *now);

/* Sorts the lists, so that equal facts have equal text. */
void              divert_facts_sort (DivertFacts *facts);
/* To key file text and back (for golden cases and bug reports).  Names survive with arbitrary bytes,
 * because everything but printable ASCII is %-escaped.  Strict: an unknown group or key is an error.
 * tests/unit/test-facts.c shows the whole form. */
char             *divert_facts_to_text (const DivertFacts *facts);
DivertFacts      *divert_facts_from_text (const char *text, gsize length, GError **error);
/* Identifies the network that we are on: "uuid@device …" for all connections that are up and not
 * external.  NULL if NetworkManager is not running, so that nobody knows.  "Until the network changes"
 * means: until this value changes. */
char             *divert_facts_network (const DivertFacts *facts);

G_END_DECLS
