/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads where other programs' ip rules stand.  Part of kernel.c.
 */
#pragma once

#include "core/facts/facts.h"
#include "system/netlink/netlink.h"

G_BEGIN_DECLS

gboolean divert_rule_order_read (DivertNetlink *netlink, DivertFamily family, DivertRuleOrder *ret_order,
                                 GError **error);

G_END_DECLS
