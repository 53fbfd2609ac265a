/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which backend applies the rules.  Nobody else names a backend.
 */
#pragma once

#include "backend.h"

G_BEGIN_DECLS

/* @kind: as in the configuration (backend=). */
DivertBackend *divert_choice_new_backend (DivertBackendKind kind);

G_END_DECLS
