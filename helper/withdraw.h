/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Revokes the grant of a helper that ends, or has ended.
 */
#pragma once

#include "run/laying.h"

/* Both return an exit status.  Of a helper that has ended: --withdraw. */
int divert_withdraw (void);
/* Of this one. */
int divert_withdraw_own (DivertLaying *laying);
