/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The decision: configuration + mode + facts → place, with every proof that was weighed and the
 * reason in one sentence.
 *
 * Theory of operation.  There is a candidate for each pair of a site and an active connection.  Its
 * proofs are weighed in a fixed order, and all of them must hold.  A proof that still waits for an
 * answer (a gateway's or a beacon's) is "pending" and does not hold.  Exactly one site must be
 * proven, by one device or by several.  Two sites at once are a doubt, and any doubt means away.
 */
#pragma once

#include "core/config/config.h"
#include "core/facts/facts.h"
#include "core/words/escape.h"
#include "mode.h"

G_BEGIN_DECLS

typedef enum
{
  DIVERT_PLACE_OFF,   /* no rules at all */
  DIVERT_PLACE_AWAY,
  DIVERT_PLACE_SITE,
  DIVERT_PLACE_HELD,  /* a site in doubt for a moment, with its intranet blocked (core/memory/hold.h) */
} DivertPlaceKind;

/* In the order of weighing. */
typedef enum
{
  DIVERT_PROOF_IDENTITY,    /* zone, else UUID */
  DIVERT_PROOF_DEVICE,      /* a real one: no VPN, bridge or tunnel; not external */
  DIVERT_PROOF_LINK,        /* activated, and has a carrier */
  DIVERT_PROOF_SUBNET,      /* has an address in the site's subnet */
  DIVERT_PROOF_ROUTE,       /* the intranet's routes use it, on-link or through its gateway */
  DIVERT_PROOF_SSID,
  DIVERT_PROOF_BSSID,
  DIVERT_PROOF_SECURITY,
  DIVERT_PROOF_GATEWAY_MAC,
  DIVERT_PROOF_ROUTER,      /* no other router has the address of one of the site's */
  DIVERT_PROOF_BEACON,
} DivertProofKind;

#define DIVERT_N_PROOFS (DIVERT_PROOF_BEACON + 1)

typedef enum
{
  DIVERT_OUTCOME_HOLDS,
  DIVERT_OUTCOME_FAILS,
  DIVERT_OUTCOME_PENDING,
} DivertOutcome;

typedef struct
{
  DivertProofKind kind;
  DivertOutcome   outcome;
  char           *expected; /* what the configuration requires, as text; "" if nothing in particular */
  char           *found;    /* what the facts say, as text; hostile, so escape it before showing it; "" if nothing */
  /* For DIVERT_PROOF_SSID, both are already escaped as ssid= accepts them, so that people can copy them. */
} DivertProof;

typedef struct
{
  char      *site;
  char      *uuid;     /* the connection's */
  char      *id;       /* the connection's name; hostile text */
  char      *device;
  guint      ifindex;  /* 0: no such link */
  gboolean   tunnel;     /* it is one that the site names */
  gboolean   identified; /* its identity proof holds (or a person forces the site) */
  gboolean   proven;   /* all proofs hold */
  gboolean   pending;  /* no proof fails, and some are pending */
  GPtrArray *proofs;   /* DivertProof: those that the site requires */
} DivertCandidate;

typedef enum
{
  DIVERT_REASON_MODE_OFF,        /* a person chose this mode */
  DIVERT_REASON_MODE_AWAY,
  DIVERT_REASON_FORCED,          /* a person named the site, and its device is here */
  DIVERT_REASON_FORCED_UNKNOWN,  /* … but the configuration has no such site */
  DIVERT_REASON_FORCED_NOT_HERE, /* … but no device has an address in its subnet */
  DIVERT_REASON_FORCED_UNFIT,    /* … and one has, but this proof fails, which nobody can waive */
  DIVERT_REASON_NO_SITES,        /* the configuration has no site */
  DIVERT_REASON_SLEEPING,
  DIVERT_REASON_NO_NM,           /* NetworkManager is not running */
  DIVERT_REASON_NO_CONNECTION,   /* nothing is active */
  DIVERT_REASON_NO_CANDIDATE,    /* no active connection belongs to a site */
  DIVERT_REASON_PROOF_FAILED,    /* the nearest candidate failed this proof */
  DIVERT_REASON_PROOF_PENDING,
  DIVERT_REASON_AMBIGUOUS,       /* two sites at once */
  DIVERT_REASON_PROVEN,
  DIVERT_REASON_HELD,            /* proven until a moment ago; this proof must hold again */
} DivertReasonCode;

typedef struct
{
  DivertReasonCode code;
  char            *site;      /* "" if none; the same goes for device, id, expected and found */
  char            *device;
  char            *id;        /* the connection's name; hostile text */
  gboolean         has_proof; /* proof, expected and found are set: the proof failed, is pending, or identified or
                               * placed the connection */
  DivertProofKind  proof;
  char            *expected;
  char            *found;
} DivertReason;

/* An exit to the site: a device that proved it.  Being wired and on Wi-Fi at home makes two. */
typedef struct
{
  char   *device;
  guint   ifindex;
  GArray *sources;   /* DivertPrefix: the device's addresses, without link-local ones; their networks if there are
                      * very many.  Direct packets must come from one of these.  So a new address has no right to go
                      * direct yet, however close to the old one it is, and an address that disappears loses that
                      * right before any program hears of it. */
} DivertExit;

typedef struct
{
  DivertPlaceKind place;
  char           *site;       /* for DIVERT_PLACE_SITE and _HELD, else NULL */
  GArray         *direct;     /* DivertPrefix: the site's intranet with auto6 filled in; else empty.  Rules have it,
                               * too, so it does not change */
  GPtrArray      *exits;      /* DivertExit, sorted by ifindex; else empty */
  gboolean        internet;   /* through the exits, everything goes direct (internet=direct); for _HELD, it did */
  gboolean        dns;        /* the same for DNS (dns=direct) */
  DivertReason   *reason;
  GPtrArray      *candidates; /* DivertCandidate: one for every site × every connection that is up or identified */
} DivertDecision;

/* Never fails: doubt means away. */
DivertDecision *divert_decide (const DivertConfig *config, const DivertMode *mode, const DivertFacts *facts);
/* For plans: like divert_decide(), but assumes that a forced site has been reached even if its network is
 * not here: through the devices in its subnet, or else through the first link. */
DivertDecision *divert_decision_suppose (const DivertConfig *config, const DivertMode *mode, const DivertFacts *facts);
/* A reference for another owner, possibly in another thread.  The decision must not change from now on. */
DivertDecision *divert_decision_ref (const DivertDecision *decision);
void            divert_decision_free (DivertDecision *decision);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertDecision, divert_decision_free)
/* Are we away only because a proof does not hold, and not because of a person's choice, sleep or a second site? */
gboolean        divert_decision_is_of_proofs (const DivertDecision *decision);
/* Owned by @decision; NULL if @connection was not weighed for @site. */
const DivertCandidate *divert_decision_find_candidate (const DivertDecision *decision, const char *site,
                                                       const DivertConnection *connection);
/* Turns @decision into DIVERT_PLACE_HELD because of the doubt about @candidate, which is one of its own.  What
 * @granted had let go direct is held. */
void            divert_decision_hold (DivertDecision *decision, const DivertCandidate *candidate,
                                      const DivertDecision *granted);
/* Lists of DivertExit. */
GPtrArray      *divert_exits_new (void);
GPtrArray      *divert_exits_copy (const GPtrArray *exits);
/* Is any identified candidate still waiting for a proof? */
gboolean        divert_decision_is_pending (const DivertDecision *decision);
/* "away", "off" or the site's name.  It is "away" during a hold as well, because nothing goes direct then. */
const char     *divert_decision_get_place (const DivertDecision *decision);
/* The device of the first exit; "" if there is none. */
const char     *divert_decision_get_device (const DivertDecision *decision);
/* Several lines, for golden cases and bug reports. */
char           *divert_decision_to_text (const DivertDecision *decision);

typedef const char *(*DivertTranslate) (const char *msgid);

/* One sentence.  @translate turns a msgid into the reader's language; with NULL it stays English, as in
 * logs and in the D-Bus property Reason.  Escapes control characters in found text. */
char           *divert_reason_to_text (const DivertReason *reason, DivertTranslate translate);
/* "subnet 192.168.22.0/24: found 10.66.0.5/24" */
char           *divert_proof_to_text (const DivertProof *proof, DivertTranslate translate);
/* Stable names for JSON and D-Bus: "identity", "gateway-mac" …; "holds", "fails", "pending"; "proven" … */
const char     *divert_proof_kind_name (DivertProofKind kind);
const char     *divert_outcome_name (DivertOutcome outcome);
const char     *divert_reason_code_name (DivertReasonCode code);
gboolean        divert_proof_kind_from_name (const char *name, DivertProofKind *ret_kind);
gboolean        divert_outcome_from_name (const char *name, DivertOutcome *ret_outcome);
gboolean        divert_reason_code_from_name (const char *name, DivertReasonCode *ret_code);

G_END_DECLS
