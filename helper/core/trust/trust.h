/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trust: facts + a connection + the current site → the site with that connection's network added,
 * as the text of a configuration file; and the reverse.
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
  DIVERT_TRUST_ERROR_AMBIGUOUS,     /* several connections match */
  DIVERT_TRUST_ERROR_UNSUITABLE,    /* a VPN, a bridge or an open network, or it does not meet the site's conditions */
  DIVERT_TRUST_ERROR_NO_NETWORK,    /* it has no address that identifies a network */
  DIVERT_TRUST_ERROR_GATEWAY,       /* its gateway answers with two addresses */
  DIVERT_TRUST_ERROR_CHANGED,       /* it isn't what was shown */
} DivertTrustError;

typedef struct
{
  char   *uuid;
  char   *id;           /* hostile text */
  char   *device;
  GArray *intranet;     /* DivertPrefix: the networks on the link, without link-local ones */
  GArray *gateway_macs; /* DivertMac; empty: no gateway answered, so its address cannot be a proof */
  guint   direct;       /* DivertTrustDirect: what the site will let go direct */
  char   *text;         /* the configuration file of the whole site, with what was learned */
} DivertLearned;

/* What a site lets go direct besides its intranet, as bits. */
typedef enum
{
  DIVERT_TRUST_INTERNET = 1 << 0,
  DIVERT_TRUST_DNS      = 1 << 1,
} DivertTrustDirect;

#define DIVERT_N_TRUST_DIRECT (1 << 2) /* combinations */

/* @uuid is that of an active connection; "" stands for the only one that can be trusted.  @existing: the
 * current site of that name, or NULL.  @direct: DivertTrustDirect bits, added to what it has.  Resolve the gateways
 * before calling. */
DivertLearned *divert_trust_learn (const DivertFacts *facts, const char *uuid, const char *site,
                                   const DivertSite *existing, guint direct, GError **error);
/* The SHA-256, in hexadecimal digits, of what a person is shown of @learned and what would be written for
 * @site.  A difference in either changes the digest. */
char          *divert_learned_digest (const DivertLearned *learned, const char *site);
void           divert_learned_free (DivertLearned *learned);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertLearned, divert_learned_free)

/* The text of @existing without connection @uuid.  @ret_text is NULL if nothing identifies the site any
 * more, so that the whole site should go.  What was learned of the network stays, because another
 * connection may need it too. */
gboolean       divert_trust_forget (const DivertSite *existing, const char *uuid, char **ret_text, GError **error);

G_END_DECLS
