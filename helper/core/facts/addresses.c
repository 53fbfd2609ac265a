/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: which new address is one of another network.
 *
 * A new IPv4 address is, even of the same prefix: a DHCP server that knows the machine
 * gives it its old one.  A new IPv6 address is if its prefix is new: temporary addresses
 * come every day.  What comes to a link that had none is its beginning, and tells
 * nothing; link-local addresses are the machine's own choice.
 */
#include "addresses.h"

#include <string.h>

static gboolean
counts (const DivertPrefix *address,
        DivertFamily        family)
{
  return address->family == family && !divert_prefix_is_link_local (address);
}

static gboolean
is_known (const GArray       *before,
          const DivertPrefix *address)
{
  DivertPrefix host = divert_prefix_host (address);

  for (guint i = 0; i < before->len; i++)
    {
      const DivertPrefix *old = divert_prefixes_index (before, i);

      if (old->family != address->family)
        continue;
      if (address->family == DIVERT_FAMILY_IPV6 ? divert_prefix_contains (old, &host) :
                                                  memcmp (old->bytes, address->bytes, sizeof address->bytes) == 0)
        return TRUE;
    }
  return FALSE;
}

gboolean
divert_addresses_tell_of_another_network (const GArray *before,
                                          const GArray *now,
                                          DivertFamily  family)
{
  gboolean had = FALSE;

  for (guint i = 0; i < before->len && !had; i++)
    had = counts (divert_prefixes_index (before, i), family);
  for (guint i = 0; had && i < now->len; i++)
    if (counts (divert_prefixes_index (now, i), family) && !is_known (before, divert_prefixes_index (now, i)))
      return TRUE;
  return FALSE;
}
