/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The nftables backend: the table inet nm-divert.
 */
#pragma once

#include "system/filter/backend.h"

G_BEGIN_DECLS

DivertBackend *divert_backend_nftables_new (void);

G_END_DECLS
