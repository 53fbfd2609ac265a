/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Chooses which backend applies the rules.  Nothing else knows a backend by name.
 */
#pragma once

#include "backend.h"

G_BEGIN_DECLS

/* All backends behind one: it applies with the chosen one and keeps the others empty; withdraws, counts and looks for
 * rules in all; and answers for the chosen one otherwise.  AUTO until it is told to choose. */
DivertBackend *divert_choice_new (void);

/* One backend alone, for its words.  AUTO: the one that is preferred. */
DivertBackend *divert_choice_new_backend (DivertBackendKind kind);
/* Likewise, by its name; NULL: there is none. */
DivertBackend *divert_choice_new_by_name (const char *name);

/* The kernel modules that the @nth (0 …) backend which @kind would try needs (char *: names or aliases), loaded or not;
 * free it.  NULL: it tries no more. */
GPtrArray     *divert_choice_list_modules (DivertBackendKind kind, guint nth);

G_END_DECLS
