/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The answers of Status() and Explain() as a{sv}, with the snapshot's values spelled out.  The keys are documented in
 * data/org.nmdivert.Helper1.xml.
 */
#pragma once

#include "run/snapshot.h"

G_BEGIN_DECLS

/* Floating; "a{sv}". */
GVariant *divert_status_new (const DivertSnapshot *snapshot);
/* @mode NULL: the current mode.  Floating; "a{sv}". */
GVariant *divert_status_explain (const DivertSnapshot *snapshot, const DivertMode *mode, DivertPacket *packet);

G_END_DECLS
