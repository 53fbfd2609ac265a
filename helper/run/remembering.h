/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mark for what a listener here accepted before there were rules.
 */
#pragma once

#include "core/config/config.h"

G_BEGIN_DECLS

typedef struct DivertRemembering DivertRemembering;

/* @wait_ms: how long a run waits at most. */
DivertRemembering *divert_remembering_new (guint wait_ms);
void               divert_remembering_free (DivertRemembering *remembering);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertRemembering, divert_remembering_free)

/* Gives them the mark, with which the rules leave them alone unless they lead to an intranet.  Returns when this is
 * done, or has taken too long.  The rest is done later.  A failure is logged. */
void               divert_remembering_do (DivertRemembering *remembering, const DivertConfig *config,
                                          const DivertPorts *ephemeral);

G_END_DECLS
