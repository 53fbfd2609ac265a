/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The answers of Explain() and its like as a{sv}.  The keys are documented in data/org.nmdivert.Helper1.xml.
 */
#pragma once

#include "run/explaining.h"

G_BEGIN_DECLS

/* Floating; "a{sv}". */
GVariant *divert_explanation_new (const DivertSnapshot *snapshot, const DivertExplaining *explaining);
/* With the flow as well. */
GVariant *divert_explanation_new_flow (const DivertSnapshot *snapshot, const DivertExplaining *explaining);

G_END_DECLS
