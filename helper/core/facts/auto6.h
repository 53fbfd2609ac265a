/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What intranet=auto6 stands for: the IPv6 prefixes that a link itself has.
 */
#pragma once

#include "facts.h"

G_BEGIN_DECLS

/* A new list; empty where the link's prefixes leave a doubt. */
GArray *divert_link_get_auto6 (const DivertLink *link);

G_END_DECLS
