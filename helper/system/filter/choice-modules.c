/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: which kernel modules the backends need, the best backend first.
 *
 * The program that loads modules asks for that and for nothing else, so it is not a question to a backend: then the
 * program would have all of them within it.
 */
#include "choice.h"

#include "system/filter/iptables/iptables-table.h"
#include "system/filter/nftables/nftables-probe.h"

static const struct
{
  DivertBackendKind kind;
  GPtrArray      *(*list) (void);
} kinds[] = {
  { DIVERT_BACKEND_NFTABLES, divert_nft_list_modules },
  { DIVERT_BACKEND_IPTABLES, divert_iptables_list_modules },
};

GPtrArray *
divert_choice_list_modules (DivertBackendKind kind,
                            guint             nth)
{
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if ((kind == DIVERT_BACKEND_AUTO && i == nth) || (kind == kinds[i].kind && nth == 0))
      return kinds[i].list ();
  return NULL;
}
