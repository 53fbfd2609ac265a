/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether the kernel has the rules that were laid.
 */
#pragma once

#include "snapshot.h"
#include "system/netlink/sockets-owner.h"

G_BEGIN_DECLS

typedef enum
{
  DIVERT_HOLDING_WANTED,  /* the rules that are wanted */
  DIVERT_HOLDING_FORMER,  /* those of an earlier run, because later ones could not be laid */
  DIVERT_HOLDING_NONE,    /* none of ours, although some are wanted */
  DIVERT_HOLDING_CHANGED, /* some of ours, but neither these nor those */
  DIVERT_HOLDING_UNKNOWN, /* the kernel does not tell, or has just been asked too often */
} DivertHolding;

#define DIVERT_N_HOLDINGS (DIVERT_HOLDING_UNKNOWN + 1)

typedef struct DivertVerification DivertVerification;

DivertVerification *divert_verification_new (void);
void                divert_verification_free (DivertVerification *verification);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertVerification, divert_verification_free)

/* Call it when there is another snapshot.  The old one isn't needed any more. */
void                divert_verification_forget (DivertVerification *verification);

/* Reads the kernel, unless it has just done so for this very snapshot. */
DivertHolding       divert_verification_look (DivertVerification *verification, const DivertSnapshot *snapshot);

/* Reads what the guard has dropped, unless that was just done too often.  FALSE: it cannot be read. */
gboolean            divert_verification_count_dropped (DivertVerification *verification, const DivertSnapshot *snapshot,
                                                       guint64 *ret_packets);

/* Is @socket the proxy's, as far as its group tells?  All processes are read for that, unless that was just done. */
gboolean            divert_verification_owns (DivertVerification *verification, const DivertSnapshot *snapshot,
                                              const DivertSocket *socket);

/* "wanted", "former", "none", "changed", "unknown"; static. */
const char         *divert_holding_name (DivertHolding holding);

G_END_DECLS
