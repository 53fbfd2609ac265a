/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The resolver on the DNS port, if it isn't the proxy's: does it ask itself?
 */
#pragma once

#include "core/config/config.h"
#include "core/facts/facts.h"
#include "system/base/look-again.h"

G_BEGIN_DECLS

typedef struct DivertResolver DivertResolver;

/* @changed is called in the main loop. */
DivertResolver *divert_resolver_new (DivertLookAgain changed, gpointer user_data);
/* Doesn't wait. */
void            divert_resolver_free (DivertResolver *resolver);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertResolver, divert_resolver_free)

/* Says so in @facts, of which the listeners are known.  @happened: something that may have given it other servers. */
void            divert_resolver_gather (DivertResolver *resolver, const DivertConfig *config, gboolean happened,
                                        DivertFacts *facts);
/* Call this once the rules are written.  Asks it if that is due, or later.  @redirects: DNS is redirected to it. */
void            divert_resolver_ask (DivertResolver *resolver, gboolean redirects);

G_END_DECLS
