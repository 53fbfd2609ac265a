/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a test asks of the fake backend besides DivertBackendClass.
 */
#pragma once

#include "backend.h"

G_BEGIN_DECLS

/* The writes so far in their order, a line each: "mangle IPv4". */
const char *divert_backend_fake_get_log (DivertBackend *backend);
/* From now on every probe and apply fails with @error, a DivertBackendError; NULL: they succeed again. */
void        divert_backend_fake_set_error (DivertBackend *backend, const GError *error);
/* What count_dropped tells. */
void        divert_backend_fake_set_dropped (DivertBackend *backend, guint64 packets);

G_END_DECLS
