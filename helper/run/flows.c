/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: which flows end with a change of place.
 *
 * A live TCP connection over the old way is reset at its next packet, an idle one
 * hangs until then (TRAPS 12.5); the kernel's connection tracking goes on applying an
 * old DNS redirection, or the lack of one, to the same ports (3.13).
 */
#include "flows.h"

#include "core/ruleset/ruleset.h"
#include "system/flows/accepted.h"
#include "system/flows/conntrack.h"
#include "system/flows/sockets.h"
#include "system/flows/waiting-packets.h"

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

/* The prefixes whose way differs between the two; a new list. */
static GArray *
find_switched (const DivertConfig   *config,
               const DivertCrossing *crossing)
{
  const DivertDecision *before = crossing->before, *now = crossing->now;
  g_autoptr(GArray) switched = divert_prefixes_new ();

  if (is_all_direct (before) != is_all_direct (now))
    {
      const DivertDecision *laid = is_all_direct (before) ? now : before;

      for (guint i = 0; i < config->sites->len; i++)
        add_uncovered (switched, ((DivertSite *) g_ptr_array_index (config->sites, i))->intranet, laid->direct);
      add_uncovered (switched, crossing->former, laid->direct);
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

      if (now->place == DIVERT_PLACE_SITE && has_exit (now, way_out))
        continue;
      if (!divert_waiting_packets_drop (way_out->ifindex, &dropped, &error))
        g_warning ("packets of the previous place may still wait: %s", error->message);
      else if (dropped > 0)
        g_info ("%u neighbours given up", dropped);
    }
}

static GArray *
collect_intranets (const DivertConfig   *config,
                   const DivertCrossing *crossing)
{
  GArray *all = divert_prefixes_copy (crossing->former);

  if (crossing->before != NULL)
    g_array_append_vals (all, crossing->before->direct->data, crossing->before->direct->len);
  for (guint i = 0; i < config->sites->len; i++)
    {
      const GArray *intranet = ((DivertSite *) g_ptr_array_index (config->sites, i))->intranet;

      g_array_append_vals (all, intranet->data, intranet->len);
    }
  return all;
}

/* With another mark nothing of the old decisions can be read any more: all begins anew. */
static GArray *
everything (void)
{
  GArray *all = divert_prefixes_new ();
  DivertPrefix prefix;

  if (divert_prefix_parse ("0.0.0.0/0", &prefix, NULL))
    divert_prefixes_add (all, &prefix);
  if (divert_prefix_parse ("::/0", &prefix, NULL))
    divert_prefixes_add (all, &prefix);
  return all;
}

void
divert_flows_remember (const DivertConfig *config)
{
  const guint32 spare = divert_ruleset_get_spare_mark (config);
  g_autoptr(GError) error = NULL;
  guint remembered = 0;

  if (spare == 0)
    return;
  if (!divert_accepted_remember (spare, config->mask, &remembered, &error))
    g_warning ("connections that were accepted before may be cut: %s", error->message);
  else if (remembered > 0)
    g_info ("%u accepted connections are left alone", remembered);
}

/* What the rules do not judge.  A flow of ours to anywhere else has begun past the proxy. */
static GArray *
collect_exempt (const DivertConfig   *config,
                const DivertDecision *now)
{
  static const char *const others[] = { "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255/32", "fe80::/10",
                                        "ff00::/8" };
  GArray *exempt = divert_prefixes_copy (config->bypass);

  g_array_append_vals (exempt, now->direct->data, now->direct->len);
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      DivertPrefix prefix;

      if (divert_prefix_parse (others[i], &prefix, NULL))
        divert_prefixes_add (exempt, &prefix);
    }
  return exempt;
}

void
divert_flows_end (const DivertConfig   *config,
                  const DivertCrossing *crossing,
                  guint32               gid)
{
  const DivertDecision *before = crossing->before, *now = crossing->now;
  g_autoptr(GArray) switched = crossing->remarked ? everything () : find_switched (config, crossing);
  g_autoptr(GArray) intranets = collect_intranets (config, crossing);
  g_autoptr(GArray) exempt = crossing->first ? collect_exempt (config, now) : NULL;
  const DivertDoomed doomed = { .to = switched, .all_but = exempt, .gid = gid };
  DivertStale stale = { .to = switched };
  g_autoptr(GError) error = NULL;
  guint destroyed = 0, forgotten = 0;

  drop_waiting (before, now);
  /* Nothing is ended for a doubt. */
  if (now->place == DIVERT_PLACE_HELD && !crossing->remarked)
    return;
  stale.dns = config->dns_port != 0 && is_all_direct (before) != is_all_direct (now);
  stale.mark = divert_ruleset_get_spare_mark (config);
  stale.mask = config->mask;
  /* Whoever opened a connection to us from an intranet's address was let through by where we were then. */
  if ((crossing->left || switched->len > 0) && stale.mark != 0)
    stale.from = intranets;
  if (switched->len == 0 && !stale.dns && stale.from == NULL && exempt == NULL)
    return;

  if (!divert_conntrack_forget (&stale, &forgotten, &error))
    {
      g_warning ("connections of the previous place are still tracked: %s", error->message);
      g_clear_error (&error);
    }
  if ((switched->len > 0 || exempt != NULL) && !divert_sockets_destroy (&doomed, &destroyed, &error))
    g_warning ("sockets of the previous place are still open: %s", error->message);
  g_info ("%u sockets closed, %u connections forgotten", destroyed, forgotten);
}
