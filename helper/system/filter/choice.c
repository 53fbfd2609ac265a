/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the list of backends, best first.  So far there is only one.
 */
#include "choice.h"

#include "system/filter/iptables/iptables.h"

static const struct
{
  DivertBackendKind kind;
  DivertBackend    *(*create) (void);
} backends[] = {
  { DIVERT_BACKEND_IPTABLES, divert_backend_iptables_new },
};

DivertBackend *
divert_choice_new_backend (DivertBackendKind kind)
{
  for (guint i = 0; i < G_N_ELEMENTS (backends); i++)
    if (kind == DIVERT_BACKEND_AUTO || kind == backends[i].kind)
      return backends[i].create ();
  g_assert_not_reached ();
}
