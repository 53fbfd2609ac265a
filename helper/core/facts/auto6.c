/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: which prefixes of a link intranet=auto6 stands for.
 *
 * Theory of operation.  A link's prefixes come by router advertisement, which any host of the network can send, in
 * the router's name, too.  Nothing that it says can be checked; so what it can open is kept small.  Only networks of
 * exactly 64 bits count, as they are on every link that gives out addresses by itself, and few of them: more than any
 * home has are a sign of something else.  Unique local ones (fc00::/7) lead to nobody's server on the internet.  The
 * others do, so they have to agree: all of a home's lie in its provider's block, of 32 bits or shorter, before and
 * behind a renumbering.  A prefix of another block is a stranger's, or it is this one that is home's; where there is a
 * doubt nothing is direct, and both go to the proxy.
 */
#include "auto6.h"

#define LENGTH       64
#define BLOCK_LENGTH 32
#define MAX_NETWORKS 4 /* of either kind */

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
