/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: following a device of software down to what has a cable or a radio.
 *
 * Software chooses the addresses of a bridge, so by itself it says nothing of where the machine is.  One that a cable
 * carries is in the cable's network.  Ports that are no such thing (a virtual machine's, a container's) don't count.
 */
#include "carriers.h"

/* A bridge of a bond of VLANs has three. */
#define MAX_DEPTH 4

static gboolean
is_stacked (const DivertLink *link)
{
  static const char *const kinds[] = { "bridge", "bond", "team", "vlan", "macvlan", "ipvlan", NULL };

  return link->kind != NULL && g_strv_contains (kinds, link->kind);
}

/* NetworkManager knows better than the kernel if somebody gives it a device of software as a cable. */
static gboolean
has_hardware (const DivertFacts *facts,
              const DivertLink  *link)
{
  for (guint i = 0; i < facts->connections->len; i++)
    {
      const DivertConnection *connection = g_ptr_array_index (facts->connections, i);

      if (g_strcmp0 (connection->device, link->name) == 0 && connection->up && divert_connection_is_real (connection))
        return TRUE;
    }
  return link->kind == NULL;
}

static void
descend (const DivertFacts *facts,
         const DivertLink  *link,
         guint              depth,
         GPtrArray         *carriers)
{
  for (guint i = 0; i < facts->links->len; i++)
    {
      DivertLink *below = g_ptr_array_index (facts->links, i);

      if (below == link || (below->master != link->ifindex && below->ifindex != link->lower))
        continue;
      if (!is_stacked (below) && has_hardware (facts, below) && !g_ptr_array_find (carriers, below, NULL))
        g_ptr_array_add (carriers, below);
      else if (is_stacked (below) && depth < MAX_DEPTH)
        descend (facts, below, depth + 1, carriers);
    }
}

GPtrArray *
divert_facts_find_carriers (const DivertFacts *facts,
                            const DivertLink  *link)
{
  GPtrArray *carriers = g_ptr_array_new ();

  if (is_stacked (link))
    descend (facts, link, 1, carriers);
  return carriers;
}

gboolean
divert_facts_is_carried (const DivertFacts      *facts,
                         const DivertConnection *connection)
{
  const DivertLink *link = connection->external ? NULL : divert_facts_find_link (facts, connection->device);
  g_autoptr(GPtrArray) carriers = link != NULL ? divert_facts_find_carriers (facts, link) : g_ptr_array_new ();

  return carriers->len > 0;
}
