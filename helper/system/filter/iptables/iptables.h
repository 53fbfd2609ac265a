/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The backend for libiptc: the tables that iptables-legacy shows.
 */
#pragma once

#include "system/filter/backend.h"

G_BEGIN_DECLS

DivertBackend *divert_backend_iptables_new (void);

G_END_DECLS
