/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What others may send by this machine's devices without passing its rules (ruleset-wire.c), in a table of nftables for
 * frames.  It stands beside any packet filter's rules, because no other one sees frames.
 *
 * The theory of operation stands at the head of nftables/wire.c.
 */
#pragma once

#include "core/ruleset/ruleset.h"

G_BEGIN_DECLS

typedef struct DivertWire DivertWire;

DivertWire *divert_wire_new (void);
void        divert_wire_free (DivertWire *wire);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertWire, divert_wire_free)

/* Makes the kernel hold what @whole says about frames; if that is nothing, there is no table.  Writes only what
 * differs.  @closing: without grants, unless the very same ones are there; call it before anything else is written, and
 * once more without @closing after that.  TRUE without a table: the kernel has no such hook; ask
 * divert_wire_is_lacking().  Errors are DIVERT_BACKEND_ERROR. */
gboolean    divert_wire_apply (DivertWire *wire, const DivertRuleset *whole, gboolean closing, gboolean *ret_wrote,
                               GError **error);
/* Takes all grants away, whoever wrote them, and leaves the rest as it is. */
gboolean    divert_wire_withdraw (DivertWire *wire, GError **error);
/* Is what it left there no longer there, or changed?  What cannot be read counts as unchanged. */
gboolean    divert_wire_find_drift (DivertWire *wire);
/* Is something to be held that the kernel can't? */
gboolean    divert_wire_is_lacking (const DivertWire *wire);

/* Packets that were dropped there.  Has a conversation of its own, so any thread may ask. */
gboolean    divert_wire_count_dropped (guint64 *ret_packets);

/* As nft's text; "": no table. */
char       *divert_wire_to_text (const DivertRuleset *whole);

G_END_DECLS
