/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Home's intranet: 192.168.22.0/24 and fd00:22::/64, as DivertPrefix. */
GArray *test_intranet_new (void);

G_END_DECLS
