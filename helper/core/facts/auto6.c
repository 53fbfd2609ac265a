/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: which of a link's prefixes intranet=auto6 stands for.
 *
 * Theory of operation.  A link's prefixes come from router advertisements.  Any host in the network
 * can send those, even in the router's name, and nothing in them can be verified.  So we limit what
 * they can open.
 *
 * Only networks of exactly 64 bits count, which is what every link with address autoconfiguration
 * has.  There may be only a few of them, because more than any home has are a sign of something
 * else.  Unique local prefixes (fc00::/7) lead to no server on the internet, so they need no
 * further check.  The other prefixes do lead there, so they have to agree: all prefixes of a home
 * lie in one block of its provider (32 bits or shorter), before and after a renumbering.  If two
 * blocks appear, one of them is a stranger's, and we cannot tell which.  Then neither goes direct;
 * both go to the proxy.
 */
#include "auto6.h"

#define LENGTH       64
#define BLOCK_LENGTH 32
#define MAX_NETWORKS 4 /* of each kind */

static gboolean
is_unique_local (const DivertPrefix *prefix)
{
  return (prefix->bytes[0] & 0xfe) == 0xfc;
}

static gboolean
are_of_one_block (const GArray *networks)
{
  DivertPrefix block;

  if (networks->len == 0)
    return TRUE;
  block = *divert_prefixes_index (networks, 0);
  block.length = BLOCK_LENGTH;
  block = divert_prefix_network (&block);
  for (guint i = 1; i < networks->len; i++)
    if (!divert_prefix_contains (&block, divert_prefixes_index (networks, i)))
      return FALSE;
  return TRUE;
}

static void
add_once (GArray             *networks,
          const DivertPrefix *network)
{
  for (guint i = 0; i < networks->len; i++)
    if (divert_prefix_equal (divert_prefixes_index (networks, i), network))
      return;
  divert_prefixes_add (networks, network);
}

GArray *
divert_link_get_auto6 (const DivertLink *link)
{
  g_autoptr(GArray) local = divert_prefixes_new (), global = divert_prefixes_new ();
  g_autoptr(GArray) prefixes = divert_prefixes_new ();

  for (guint i = 0; i < link->addresses->len; i++)
    {
      const DivertPrefix *address = divert_prefixes_index (link->addresses, i);
      DivertPrefix network = divert_prefix_network (address);

      if (address->family == DIVERT_FAMILY_IPV6 && address->length == LENGTH && !divert_prefix_is_link_local (address))
        add_once (is_unique_local (address) ? local : global, &network);
    }
  if (local->len <= MAX_NETWORKS)
    g_array_append_vals (prefixes, local->data, local->len);
  if (global->len <= MAX_NETWORKS && are_of_one_block (global))
    g_array_append_vals (prefixes, global->data, global->len);
  return divert_prefixes_merge (prefixes);
}
