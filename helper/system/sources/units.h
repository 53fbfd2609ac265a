/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control groups of the units that are named in the configuration.
 */
#pragma once

#include "core/config/config.h"
#include "core/facts/facts.h"

G_BEGIN_DECLS

typedef struct DivertUnits DivertUnits;

/* Something has changed that divert_units_gather() would see.  @own: it concerns the proxy's unit, so nobody but root
 * can have caused it. */
typedef void (*DivertUnitsChanged) (gboolean own, gpointer user_data);

DivertUnits *divert_units_new (DivertUnitsChanged changed, gpointer user_data);
void         divert_units_free (DivertUnits *units);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertUnits, divert_units_free)

/* Fills in @facts what @config needs, and watches from now on what that depends on. */
void         divert_units_gather (DivertUnits *units, const DivertConfig *config, DivertFacts *facts);

/* The proxy's unit, as gathering finds it; NULL: none is named, or it does not run.  Valid until the next call. */
const DivertUnit *divert_units_find_own (DivertUnits *units, const DivertConfig *config);

G_END_DECLS
