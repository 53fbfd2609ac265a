/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: which flows end with a change of place.
 *
 * A live TCP connection over the old way is reset at its next packet, an idle one
 * hangs until then (TRAPS 12.5); the kernel's connection tracking goes on applying an
 * old DNS redirection, or the lack of one, to the same ports (3.13).
 */
#include "flows.h"

#include "system/conntrack.h"
#include "system/sockets.h"
#include "system/waiting-packets.h"

static void
add_uncovered (GArray       *switched,
               const GArray *prefixes,
               const GArray *cover)
{
  for (guint i = 0; i < prefixes->len; i++)
    if (!divert_prefixes_contain (cover, divert_prefixes_index (prefixes, i)))
      divert_prefixes_add (switched, divert_prefixes_index (prefixes, i));
}

/* Off, and unknown, count as a place where everything is direct. */
static gboolean
is_all_direct (const DivertDecision *decision)
{
  return decision == NULL || decision->place == DIVERT_PLACE_OFF;
}

GArray *
divert_flows_find_switched (const DivertConfig   *config,
                            const DivertDecision *before,
                            const DivertDecision *now)
{
  g_autoptr(GArray) switched = divert_prefixes_new ();

  if (is_all_direct (before) != is_all_direct (now))
    {
      const DivertDecision *laid = is_all_direct (before) ? now : before;

      for (guint i = 0; i < config->sites->len; i++)
        add_uncovered (switched, ((DivertSite *) g_ptr_array_index (config->sites, i))->intranet, laid->direct);
    }
  else if (!is_all_direct (before))
    {
      add_uncovered (switched, before->direct, now->direct);
      add_uncovered (switched, now->direct, before->direct);
    }
  return divert_prefixes_merge (switched);
}

static gboolean
has_exit (const DivertDecision *decision,
          const DivertExit     *wanted)
{
  for (guint i = 0; i < decision->exits->len; i++)
    {
      const DivertExit *way_out = g_ptr_array_index (decision->exits, i);

      if (way_out->ifindex == wanted->ifindex && divert_prefixes_equal (way_out->sources, wanted->sources))
        return TRUE;
    }
  return FALSE;
}

/* First of all, because it is a race with the next network: what the old rules let through and has not left yet. */
static void
drop_waiting (const DivertDecision *before,
              const DivertDecision *now)
{
  for (guint i = 0; before != NULL && i < before->exits->len; i++)
    {
      const DivertExit *way_out = g_ptr_array_index (before->exits, i);
      g_autoptr(GError) error = NULL;
      guint dropped = 0;

      if (has_exit (now, way_out))
        continue;
      if (!divert_waiting_packets_drop (way_out->ifindex, &dropped, &error))
        g_warning ("packets of the previous place may still wait: %s", error->message);
      else if (dropped > 0)
        g_info ("%u neighbours given up", dropped);
    }
}

void
divert_flows_end (const DivertConfig   *config,
                  const DivertDecision *before,
                  const DivertDecision *now,
                  guint32               gid)
{
  g_autoptr(GArray) switched = divert_flows_find_switched (config, before, now);
  gboolean dns = config->dns_port != 0 && is_all_direct (before) != is_all_direct (now);
  g_autoptr(GError) error = NULL;
  guint destroyed = 0, forgotten = 0;

  drop_waiting (before, now);
  if (switched->len == 0 && !dns)
    return;

  if (!divert_conntrack_forget (switched, dns, &forgotten, &error))
    {
      g_warning ("connections of the previous place are still tracked: %s", error->message);
      g_clear_error (&error);
    }
  if (switched->len > 0 && !divert_sockets_destroy (switched, gid, &destroyed, &error))
    g_warning ("sockets of the previous place are still open: %s", error->message);
  g_info ("%u sockets closed, %u connections forgotten", destroyed, forgotten);
}
