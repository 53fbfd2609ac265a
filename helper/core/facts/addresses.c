/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: deciding whether a new address means another network.
 *
 * A new IPv4 address does, even one in the same prefix, because a DHCP server that knows the
 * machine gives it its old address back.  A new IPv6 address does only if its prefix is new,
 * because temporary addresses appear every day.  The first address of a link tells nothing: there
 * is nothing to compare it with.  Link-local addresses do not count, because the machine chooses
 * them itself.
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
