/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by trust.c, which examines the network, and trust-site.c, which changes a site.
 */
#pragma once

#include "trust.h"

G_BEGIN_DECLS

/* A configuration whose only site is a copy of @site. */
DivertConfig *divert_trust_copy_site (const DivertSite *site, GError **error);
/* Adds @learned to @site, and removes from @learned what must not be added. */
void          divert_trust_merge (DivertSite *site, gboolean is_new, DivertLearned *learned);

G_END_DECLS
