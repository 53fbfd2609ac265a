/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the list of backends.  It has one so far.
 */
#include "choice.h"

#include "system/filter/iptables/iptables.h"

DivertBackend *
divert_choice_new_backend (void)
{
  return divert_backend_iptables_new ();
}
