/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which of a link's addresses came after the last answer that vouches for the network behind it.
 */
#pragma once

#include "facts.h"

G_BEGIN_DECLS

/* Fills in fresh of all links, from their arrivals and gateways.  Call it when it is known which gateways are newcomers
 * (divert_anchors_fill()). */
void divert_facts_fill_fresh (DivertFacts *facts);

G_END_DECLS
