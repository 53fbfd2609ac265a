/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A backend that records rulesets in memory instead of writing them.
 */
#pragma once

#include "system/filter/backend.h"

G_BEGIN_DECLS

DivertBackend *divert_backend_fake_new (void);

/* The writes so far in their order, one per line: "IPv4", "withdraw". */
const char    *divert_backend_fake_get_log (DivertBackend *backend);
/* From now on every probe, apply, withdraw and inspect fails with @error, a DivertBackendError. NULL: they succeed
 * again. */
void           divert_backend_fake_set_error (DivertBackend *backend, const GError *error);
/* Does a failing apply report that marking and the guard are in place all the same? */
void           divert_backend_fake_set_guards (DivertBackend *backend, gboolean guards);
/* From now on @applying is called at the start of each apply that doesn't fail. */
typedef void (*DivertFakeApplying) (gpointer user_data);
void           divert_backend_fake_set_applying (DivertBackend *backend, DivertFakeApplying applying,
                                                 gpointer user_data);
/* The result of count_dropped. */
void           divert_backend_fake_set_dropped (DivertBackend *backend, guint64 packets);

/* From now on, probing any of @families fails with @code of DIVERT_BACKEND_ERROR. */
void           divert_backend_fake_set_lacking (DivertBackend *backend, DivertFamilies families, gint code);

G_END_DECLS
