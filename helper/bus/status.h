/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The answer of Status() as a{sv}, with the snapshot's values spelled out.  The keys are documented in
 * data/org.nmdivert.Helper1.xml.
 */
#pragma once

#include "run/verification.h"

G_BEGIN_DECLS

/* Floating; "a{sv}". */
GVariant *divert_status_new (const DivertSnapshot *snapshot, DivertVerification *verification);
/* Adds the keys place, reason … and sites. */
void      divert_status_add_place (GVariantDict *dict, const DivertConfig *config, const DivertDecision *decision);

G_END_DECLS
