/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel on which tables can't belong to a socket.  Link with -Wl,--wrap=divert_nft_owner_get.
 */
#pragma once

#include <glib.h>

/* TRUE: as on Linux before 6.9. */
extern gboolean test_unowned;
