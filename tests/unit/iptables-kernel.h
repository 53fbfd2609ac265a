/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Would the kernel take these rules, and does each of them count?
 */
#pragma once

#include "system/filter/iptables/iptables-expansion.h"

G_BEGIN_DECLS

/* The first thing that is wrong with @rules (DivertXtRule), or NULL.  Free it. */
char *iptables_kernel_refuse (const GArray *rules, DivertFamily family);

/* Asserts that nothing is. */
void  iptables_kernel_take (const DivertXtRuleset *xt);

G_END_DECLS
