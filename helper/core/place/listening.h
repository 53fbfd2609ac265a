/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which listeners a configuration needs, and what is wrong with those that there are.
 */
#pragma once

#include "core/config/config.h"
#include "core/facts/facts.h"
#include "problem.h"

G_BEGIN_DECLS

/* The ports that the rules lead to (GArray of DivertListening, sorted), each as if nobody listened there. */
GArray *divert_listening_list (const DivertConfig *config);
/* Adds what is wrong with those in @facts that @config needs to @problems. */
void    divert_listening_add_problems (const DivertConfig *config, const DivertFacts *facts, GPtrArray *problems);

G_END_DECLS
