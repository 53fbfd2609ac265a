/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * polkit's text agent, running for the duration of a call, so that a person on a plain terminal is asked for the
 * password, as systemctl does it.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct DivertAgent DivertAgent;

/* Starts pkttyagent for this process and waits until it is registered.  Returns NULL if there is nobody to ask (the
 * standard input is not a terminal), nothing to ask (root), or no such program. polkit then decides without it. */
DivertAgent *divert_agent_start (void);
void         divert_agent_stop (DivertAgent *agent);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertAgent, divert_agent_stop)

G_END_DECLS
