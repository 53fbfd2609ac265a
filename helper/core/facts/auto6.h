/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What intranet=auto6 stands for: the IPv6 prefixes of the link itself.
 */
#pragma once

#include "facts.h"

G_BEGIN_DECLS

/* A new list; empty if the link's prefixes are in doubt. */
GArray *divert_link_get_auto6 (const DivertLink *link);

G_END_DECLS
