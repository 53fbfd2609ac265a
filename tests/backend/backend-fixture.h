/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A real backend with a ruleset, and traffic that leaves unless there are rules.
 */
#pragma once

#include "system/filter/backend.h"

G_BEGIN_DECLS

/* Applies @ruleset, which must succeed.  Returns the number of writes. */
guint backend_fixture_lay (DivertBackend *backend, DivertRuleset *ruleset);

/* Makes a link eth0 with the default route.  What leaves arrives at its other end, far. */
void  backend_fixture_plug_in (void);
/* For test_child_start(): datagrams to port 9, to the intranet and to the web by turns, without end. */
void  backend_fixture_send (gpointer data);

G_END_DECLS
