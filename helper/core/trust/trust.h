/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trust: facts + a connection + the site as it is → the site with that
 * connection's network added, as the text of a configuration file.  And back.
 */
#pragma once

#include "core/config/config.h"
#include "core/facts/facts.h"

G_BEGIN_DECLS

#define DIVERT_TRUST_ERROR (divert_trust_error_quark ())
GQuark divert_trust_error_quark (void);

typedef enum
{
  DIVERT_TRUST_ERROR_NO_CONNECTION, /* no such connection is active, or none that could be trusted */
  DIVERT_TRUST_ERROR_AMBIGUOUS,     /* several could be meant */
  DIVERT_TRUST_ERROR_UNSUITABLE,    /* a VPN, a bridge, an open network, or it does not meet what the site asks for */
  DIVERT_TRUST_ERROR_NO_NETWORK,    /* it has no address that tells a network */
  DIVERT_TRUST_ERROR_GATEWAY,       /* its gateway speaks with two voices */
} DivertTrustError;

typedef struct
{
  char   *uuid;
  char   *id;           /* hostile text */
  char   *device;
  GArray *intranet;     /* DivertPrefix: the networks on the link, without link-local ones */
  GArray *gateway_macs; /* DivertMac; empty: no gateway answered, so its address is no proof */
  char   *text;         /* of the whole site, learned things added: a configuration file */
} DivertLearned;

/* @uuid is an active connection's; "" stands for the only one that can be trusted.  @existing: the
 * site of that name as it is now, or NULL.  The gateways should have been resolved before. */
DivertLearned *divert_trust_learn (const DivertFacts *facts, const char *uuid, const char *site,
                                   const DivertSite *existing, GError **error);
/* Names what a person is shown of @learned, and what would be written for @site: SHA-256 in hexadecimal digits.
 * Anything else has another digest. */
char          *divert_learned_digest (const DivertLearned *learned, const char *site);
void           divert_learned_free (DivertLearned *learned);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertLearned, divert_learned_free)

/* The text of @existing without connection @uuid.  @ret_text is NULL when nothing identifies the
 * site any more: it is to go as a whole.  What was learned of the network stays, because it may be
 * another connection's too. */
gboolean       divert_trust_forget (const DivertSite *existing, const char *uuid, char **ret_text, GError **error);

G_END_DECLS
