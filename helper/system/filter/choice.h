/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which backend lays the rules.  Nobody else knows one by its name.
 */
#pragma once

#include "backend.h"

G_BEGIN_DECLS

DivertBackend *divert_choice_new_backend (void);

G_END_DECLS
