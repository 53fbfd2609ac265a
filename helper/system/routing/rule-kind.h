/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tells our three kinds of ip rule apart.  Their priorities depend on those of other programs' rules, and a rule that
 * an earlier helper left may have any.
 */
#pragma once

#include <glib.h>
#include <linux/fib_rules.h>
#include <netlink/attr.h>

G_BEGIN_DECLS

/* It is for what is redirected to the loopback addresses. */
static inline gboolean
divert_rule_is_of_names (struct nlattr **attributes)
{
  return attributes[FRA_DST] != NULL;
}

/* @rule has our protocol number, and isn't of names.  The fence's is for all marks except one, or for all; the other
 * kind is for one. */
static inline gboolean
divert_rule_is_of_fence (const struct fib_rule_hdr  *rule,
                         struct nlattr             **attributes)
{
  return (rule->flags & FIB_RULE_INVERT) != 0 || attributes[FRA_FWMARK] == NULL;
}

G_END_DECLS
