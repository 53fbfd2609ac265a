/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the configuration's makers: config.c, config-parse.c, config-keys.c.
 */
#pragma once

#include "config.h"

G_BEGIN_DECLS

DivertSite *divert_site_new (const char *name, const char *file);
void        divert_site_free (DivertSite *site);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertSite, divert_site_free)

G_END_DECLS
