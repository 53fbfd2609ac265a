/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the wording.  It has reasons and proofs as sentences, and the stable names of proofs,
 * outcomes and reasons.
 *
 * A sentence is a template with named places ({site}, {device} …) instead of a printf format, so a
 * translation cannot break it.  What goes into the places comes from the network and is escaped.
 */
#include "decision.h"

#include <glib/gi18n-lib.h>
#include <string.h>

typedef struct
{
  const char *name;
  const char *template; /* msgid */
} Words;

static const Words reasons[] = {
  [DIVERT_REASON_MODE_OFF] = { "mode-off", N_("switched off by hand") },
  [DIVERT_REASON_MODE_AWAY] = { "mode-away", N_("switched to away by hand") },
  [DIVERT_REASON_FORCED] = { "forced", N_("switched to '{site}' by hand, and {device} holds {found}") },
  [DIVERT_REASON_FORCED_UNKNOWN] = { "forced-unknown",
                                     N_("switched to '{site}' by hand, but no such site is configured") },
  [DIVERT_REASON_FORCED_NOT_HERE] = { "forced-not-here",
                                      N_("switched to '{site}' by hand, but no device holds an address in its "
                                         "subnet") },
  [DIVERT_REASON_FORCED_UNFIT] = { "forced-unfit",
                                   N_("switched to '{site}' by hand, but connection '{connection}' on {device} cannot "
                                      "be its way: {proof}: expected {expected}, found {found}") },
  [DIVERT_REASON_NO_SITES] = { "no-sites", N_("no site is configured") },
  [DIVERT_REASON_SLEEPING] = { "sleeping", N_("the machine is going to sleep") },
  [DIVERT_REASON_NO_NM] = { "no-networkmanager", N_("NetworkManager is not running") },
  [DIVERT_REASON_NO_CONNECTION] = { "no-connection", N_("no connection is active") },
  [DIVERT_REASON_NO_CANDIDATE] = { "no-candidate",
                                   N_("connection '{connection}' on {device} belongs to no site ({found})") },
  [DIVERT_REASON_PROOF_FAILED] = { "proof-failed",
                                   N_("connection '{connection}' on {device} is not at '{site}': {proof}: "
                                      "expected {expected}, found {found}") },
  [DIVERT_REASON_PROOF_PENDING] = { "proof-pending",
                                    N_("connection '{connection}' on {device} has yet to prove '{site}': {proof}: "
                                       "expected {expected}, found {found}") },
  [DIVERT_REASON_AMBIGUOUS] = { "ambiguous", N_("two sites at once: '{site}', and another by connection "
                                                "'{connection}' on {device}") },
  [DIVERT_REASON_PROVEN] = { "proven", N_("connection '{connection}' on {device} proves '{site}' ({found})") },
  [DIVERT_REASON_HELD] = { "held",
                           N_("connection '{connection}' on {device} has to prove '{site}' again: {proof}: "
                              "expected {expected}, found {found}") },
};
G_STATIC_ASSERT (G_N_ELEMENTS (reasons) == DIVERT_REASON_HELD + 1);

static const Words proofs[] = {
  [DIVERT_PROOF_IDENTITY] = { "identity", N_("identity") },
  [DIVERT_PROOF_DEVICE] = { "device", N_("kind of device") },
  [DIVERT_PROOF_LINK] = { "link", N_("link") },
  [DIVERT_PROOF_SUBNET] = { "subnet", N_("subnet") },
  [DIVERT_PROOF_ROUTE] = { "route", N_("route") },
  [DIVERT_PROOF_SSID] = { "ssid", N_("SSID") },
  [DIVERT_PROOF_BSSID] = { "bssid", N_("access point (BSSID)") },
  [DIVERT_PROOF_SECURITY] = { "security", N_("Wi-Fi security") },
  [DIVERT_PROOF_GATEWAY_MAC] = { "gateway-mac", N_("gateway's MAC address") },
  [DIVERT_PROOF_ROUTER] = { "router", N_("further routers") },
  [DIVERT_PROOF_BEACON] = { "beacon", N_("beacon") },
};
G_STATIC_ASSERT (G_N_ELEMENTS (proofs) == DIVERT_N_PROOFS);

static const char *const outcomes[] = {
  [DIVERT_OUTCOME_HOLDS] = "holds",
  [DIVERT_OUTCOME_FAILS] = "fails",
  [DIVERT_OUTCOME_PENDING] = "pending",
};

static const char *
identity (const char *msgid)
{
  return msgid;
}

typedef enum
{
  OURS,
  HOSTILE, /* comes from outside and must be escaped; some are our own words (proof-*.c) and get translated */
  WRITTEN, /* already escaped, and shown as it is */
} Origin;

typedef struct
{
  const char *key;
  const char *value; /* "" and NULL become "nothing" */
  Origin      origin;
} Place;

/* An SSID must be shown as ssid= accepts it. */
static Origin
get_origin (DivertProofKind kind)
{
  return kind == DIVERT_PROOF_SSID ? WRITTEN : HOSTILE;
}

/* What to show for @place; free it. */
static char *
read_place (const Place     *place,
            DivertTranslate  translate)
{
  if (place->value == NULL || place->value[0] == '\0')
    /* TRANSLATORS: what was found or expected, when there is nothing */
    return g_strdup (translate (N_("nothing")));
  if (place->origin == WRITTEN)
    return divert_escape_rest (place->value);
  return place->origin == HOSTILE ? divert_escape (translate (place->value)) : g_strdup (place->value);
}

static char *
fill (const char      *template,
      const Place     *places,
      DivertTranslate  translate)
{
  g_autoptr(GString) text = g_string_new (NULL);

  for (const char *p = template; *p != '\0';)
    {
      const char *end = *p == '{' ? strchr (p, '}') : NULL;
      gboolean filled = FALSE;

      for (const Place *place = places; end != NULL && place->key != NULL && !filled; place++)
        if (strlen (place->key) == (gsize) (end - p - 1) && strncmp (p + 1, place->key, end - p - 1) == 0)
          {
            g_autofree char *value = read_place (place, translate);

            g_string_append (text, value);
            p = end + 1;
            filled = TRUE;
          }
      if (!filled)
        g_string_append_c (text, *p++);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

char *
divert_reason_to_text (const DivertReason *reason,
                       DivertTranslate     translate)
{
  DivertTranslate tr = translate != NULL ? translate : identity;
  Origin origin = reason->has_proof ? get_origin (reason->proof) : HOSTILE;
  const Place places[] = {
    { "site", reason->site, HOSTILE },
    { "device", reason->device, HOSTILE },
    { "connection", reason->id, HOSTILE },
    { "proof", tr (proofs[reason->proof].template), OURS },
    { "expected", reason->expected, origin },
    { "found", reason->found, origin },
    { NULL, NULL, OURS },
  };

  return fill (tr (reasons[reason->code].template), places, tr);
}

char *
divert_proof_to_text (const DivertProof *proof,
                      DivertTranslate    translate)
{
  DivertTranslate tr = translate != NULL ? translate : identity;
  const Place places[] = {
    { "proof", tr (proofs[proof->kind].template), OURS },
    { "expected", proof->expected, get_origin (proof->kind) },
    { "found", proof->found, get_origin (proof->kind) },
    { NULL, NULL, OURS },
  };

  if (proof->expected[0] == '\0')
    return fill (tr (N_("{proof}: {found}")), places, tr);
  return fill (tr (N_("{proof} {expected}: found {found}")), places, tr);
}

const char *
divert_proof_kind_name (DivertProofKind kind)
{
  return proofs[kind].name;
}

const char *
divert_outcome_name (DivertOutcome outcome)
{
  return outcomes[outcome];
}

const char *
divert_reason_code_name (DivertReasonCode code)
{
  return reasons[code].name;
}

gboolean
divert_proof_kind_from_name (const char      *name,
                             DivertProofKind *ret_kind)
{
  for (guint i = 0; i < G_N_ELEMENTS (proofs); i++)
    if (g_strcmp0 (proofs[i].name, name) == 0)
      {
        *ret_kind = i;
        return TRUE;
      }
  return FALSE;
}

gboolean
divert_outcome_from_name (const char    *name,
                          DivertOutcome *ret_outcome)
{
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    if (g_strcmp0 (outcomes[i], name) == 0)
      {
        *ret_outcome = i;
        return TRUE;
      }
  return FALSE;
}

gboolean
divert_reason_code_from_name (const char       *name,
                              DivertReasonCode *ret_code)
{
  for (guint i = 0; i < G_N_ELEMENTS (reasons); i++)
    if (g_strcmp0 (reasons[i].name, name) == 0)
      {
        *ret_code = i;
        return TRUE;
      }
  return FALSE;
}
