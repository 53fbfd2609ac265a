/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The decision: configuration + mode + facts → place, with every proof that was
 * weighed and the reason in one sentence.
 *
 * Theory of operation.  For each site and each active connection there is a
 * candidate.  Its proofs are weighed in a fixed order; all of them must hold.
 * A proof that still waits for an answer (a gateway's, a beacon's) is "pending"
 * and does not hold.  Exactly one site must be proven (by one device or by
 * several): two sites at once is a doubt, and every doubt is away.
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
  DIVERT_PLACE_HELD,  /* a site that is in doubt for a moment: its intranet is blocked (core/memory/hold.h) */
} DivertPlaceKind;

/* In the order in which they are weighed. */
typedef enum
{
  DIVERT_PROOF_IDENTITY,    /* zone, else UUID */
  DIVERT_PROOF_DEVICE,      /* a real one: no VPN, bridge, tunnel; not external */
  DIVERT_PROOF_LINK,        /* activated, and the carrier is there */
  DIVERT_PROOF_SUBNET,      /* it holds an address in the site's subnet */
  DIVERT_PROOF_ROUTE,       /* the intranet's routes leave by it, on-link or through its gateway */
  DIVERT_PROOF_SSID,
  DIVERT_PROOF_BSSID,
  DIVERT_PROOF_SECURITY,
  DIVERT_PROOF_GATEWAY_MAC,
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
  char           *expected; /* what the configuration asks for, as text; "" if nothing in particular */
  char           *found;    /* what the facts say, as text; hostile: escape before showing; "" if nothing */
  /* Of DIVERT_PROOF_SSID both are as ssid= takes them: escaped already, so that they can be copied into it. */
} DivertProof;

typedef struct
{
  char      *site;
  char      *uuid;     /* of the connection */
  char      *id;       /* its name; hostile text */
  char      *device;
  guint      ifindex;  /* 0: no such link */
  gboolean   identified; /* its identity proof holds (or a person forces the site) */
  gboolean   proven;   /* all proofs hold */
  gboolean   pending;  /* none fails, some wait */
  GPtrArray *proofs;   /* DivertProof, those that were asked for */
} DivertCandidate;

typedef enum
{
  DIVERT_REASON_MODE_OFF,        /* a person said so */
  DIVERT_REASON_MODE_AWAY,
  DIVERT_REASON_FORCED,          /* a person named the site, and its device is there */
  DIVERT_REASON_FORCED_UNKNOWN,  /* …, but the configuration has no such site */
  DIVERT_REASON_FORCED_NOT_HERE, /* …, but no device holds its subnet */
  DIVERT_REASON_NO_SITES,        /* the configuration has none */
  DIVERT_REASON_SLEEPING,
  DIVERT_REASON_NO_NM,           /* NetworkManager is not running */
  DIVERT_REASON_NO_CONNECTION,   /* nothing is active */
  DIVERT_REASON_NO_CANDIDATE,    /* no active connection belongs to a site */
  DIVERT_REASON_PROOF_FAILED,    /* the nearest candidate failed this proof */
  DIVERT_REASON_PROOF_PENDING,
  DIVERT_REASON_AMBIGUOUS,       /* two sites at once */
  DIVERT_REASON_PROVEN,
  DIVERT_REASON_HELD,            /* proven until a moment ago, and this proof has yet to hold again */
} DivertReasonCode;

typedef struct
{
  DivertReasonCode code;
  char            *site;      /* "" if none; likewise the rest */
  char            *device;
  char            *id;        /* the connection's name; hostile text */
  gboolean         has_proof; /* it names one: that failed or is pending, or what identified or placed the connection */
  DivertProofKind  proof;
  char            *expected;
  char            *found;
} DivertReason;

/* A way out to the site: a device that proved it.  Wired and Wi-Fi at home give two. */
typedef struct
{
  char   *device;
  guint   ifindex;
  GArray *sources;   /* DivertPrefix: the addresses that the device holds, without link-local ones; if they are very
                      * many, their networks.  Direct packets must come from these: an address that
                      * comes has no right yet, however near the last one it is, and one that goes takes
                      * its right with it, before any program hears of it. */
} DivertExit;

typedef struct
{
  DivertPlaceKind place;
  char           *site;       /* of DIVERT_PLACE_SITE and _HELD, else NULL */
  GArray         *direct;     /* DivertPrefix: the site's intranet, auto6 filled in; else empty */
  GPtrArray      *exits;      /* DivertExit, in order of their ifindex; else empty */
  DivertReason   *reason;
  GPtrArray      *candidates; /* DivertCandidate: every site × every connection that is up or identified */
} DivertDecision;

/* Never fails: doubt is away. */
DivertDecision *divert_decide (const DivertConfig *config, const DivertMode *mode, const DivertFacts *facts);
/* For plans: as divert_decide(), but a site is taken as reached, whether its network is here or
 * not: through the devices that hold it, else through the first link. */
DivertDecision *divert_decision_suppose (const DivertConfig *config, const DivertMode *mode, const DivertFacts *facts);
/* The same, for another owner, who may be another thread: from now on it does not change any more. */
DivertDecision *divert_decision_ref (const DivertDecision *decision);
void            divert_decision_free (DivertDecision *decision);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertDecision, divert_decision_free)
/* Does it come of proofs, and of nothing else: no person's word for away or off, no sleep, no second site? */
gboolean        divert_decision_is_of_proofs (const DivertDecision *decision);
/* Owned by @decision; NULL if @connection was not weighed for @site. */
const DivertCandidate *divert_decision_find_candidate (const DivertDecision *decision, const char *site,
                                                       const DivertConnection *connection);
/* Makes it DIVERT_PLACE_HELD for the doubt about @candidate, one of its own. */
void            divert_decision_hold (DivertDecision *decision, const DivertCandidate *candidate, const GArray *direct,
                                      const GPtrArray *exits);
/* Lists of DivertExit. */
GPtrArray      *divert_exits_new (void);
GPtrArray      *divert_exits_copy (const GPtrArray *exits);
/* Does any identified candidate still wait for a proof? */
gboolean        divert_decision_is_pending (const DivertDecision *decision);
/* "away" (also while it is held: nothing goes straight), "off" or the site's name. */
const char     *divert_decision_get_place (const DivertDecision *decision);
/* The first exit's device; "" if none. */
const char     *divert_decision_get_device (const DivertDecision *decision);
/* Many lines, for golden cases and bug reports. */
char           *divert_decision_to_text (const DivertDecision *decision);

typedef const char *(*DivertTranslate) (const char *msgid);

/* One sentence.  @translate turns a msgid into the reader's language; NULL leaves
 * English, which is what logs and the D-Bus property Reason use.  Control
 * characters in found text are escaped. */
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
