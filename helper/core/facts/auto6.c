/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: which prefixes of a link intranet=auto6 stands for.
 */
#include "auto6.h"

/* Prefixes longer than /64 are single addresses (DHCPv6), shorter than /48 more
 * than one household's: neither is a link's own. */
GArray *
divert_link_get_auto6 (const DivertLink *link)
{
  g_autoptr(GArray) prefixes = divert_prefixes_new ();

  for (guint i = 0; i < link->addresses->len; i++)
    {
      const DivertPrefix *address = divert_prefixes_index (link->addresses, i);
      DivertPrefix network = divert_prefix_network (address);

      if (address->family == DIVERT_FAMILY_IPV6 && address->length >= 48 && address->length <= 64 &&
          !divert_prefix_is_link_local (address))
        divert_prefixes_add (prefixes, &network);
    }
  return divert_prefixes_merge (prefixes);
}
