/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which backend lays the rules.  Nobody else knows one by its name.
 */
#pragma once

#include "backend.h"

G_BEGIN_DECLS

/* As the configuration has it: backend=. */
DivertBackend *divert_choice_new_backend (DivertBackendKind kind);

G_END_DECLS
