/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A backend that records rulesets in memory instead of writing them.
 */
#pragma once

#include "system/filter/backend.h"

G_BEGIN_DECLS

DivertBackend *divert_backend_fake_new (void);

/* The writes so far in their order, a line each: "mangle IPv4", "withdraw". */
const char    *divert_backend_fake_get_log (DivertBackend *backend);
/* From now on every probe, apply and withdraw fails with @error, a DivertBackendError; NULL: they succeed again. */
void           divert_backend_fake_set_error (DivertBackend *backend, const GError *error);
/* What count_dropped tells. */
void           divert_backend_fake_set_dropped (DivertBackend *backend, guint64 packets);

/* From now on, probing any of @families fails with @code of DIVERT_BACKEND_ERROR. */
void           divert_backend_fake_set_lacking (DivertBackend *backend, DivertFamilies families, gint code);

G_END_DECLS
