/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the clock that the gateways share, and what we listen to between its ticks.
 */
#include "gateway-private.h"

#include "neighbour-filter.h"

#define MAX_QUIET_HOSTS 12

static void
take_doubt (DivertGateways   *gateways,
            DivertResolution *resolution)
{
  if (divert_resolution_take_doubt (resolution) && !resolution->router)
    divert_link_epochs_begin (gateways->epochs, resolution->ifindex);
}

/* How much of the link is newer than @since: its addresses, and the other gateways that answered.  An answer of
 * @resolution vouches for what came before it (core/memory/anchors.c). */
static guint
count_newer (const DivertGateways   *gateways,
             const DivertResolution *resolution,
             gint64                  since)
{
  guint newer = divert_link_addresses_get_arrival (gateways->addresses, resolution->ifindex) >= since ? 1 : 0;

  if (resolution->router)
    return 0;
  for (guint i = 0; i < gateways->list->len; i++)
    {
      const DivertResolution *other = gateways->list->pdata[i];

      if (other != resolution && !other->router && other->ifindex == resolution->ifindex &&
          other->state == DIVERT_GATEWAY_RESOLVED && other->first_answer >= since)
        newer++;
    }
  return newer;
}

/* Returns whether what the kernel says changes anything. */
static gboolean
hear (DivertGateways        *gateways,
      DivertResolution      *resolution,
      const DivertNeighbour *neighbour)
{
  const gint64 answer_before = resolution->last_answer;
  gboolean changed = divert_resolution_see (resolution, gateways->netlink, neighbour, g_get_monotonic_time ());

  take_doubt (gateways, resolution);
  return changed || count_newer (gateways, resolution, answer_before) >
                        count_newer (gateways, resolution, resolution->last_answer);
}

/* The entry was not NUD_REACHABLE when we asked.  If it is now, that is the answer. */
gboolean
divert_gateways_look (DivertGateways   *gateways,
                      DivertResolution *resolution)
{
  DivertNeighbour neighbour;

  return resolution->asked &&
         divert_neighbour_get (gateways->netlink, resolution->ifindex, &resolution->address, &neighbour, NULL) &&
         hear (gateways, resolution, &neighbour);
}

/* A host appeared in another one's place.  This may be another network, so ask the gateway. */
static gboolean
see_host (DivertGateways        *gateways,
          const DivertNeighbour *neighbour)
{
  if (!divert_neighbours_see (gateways->neighbours, neighbour, g_get_monotonic_time ()))
    return FALSE;
  divert_gateways_drop_answers (gateways, neighbour->ifindex, DIVERT_FAMILIES_BOTH);
  return TRUE;
}

gboolean
divert_gateways_see (DivertGateways        *gateways,
                     const DivertNeighbour *neighbour)
{
  DivertResolution *resolution = divert_gateways_find (gateways->list, neighbour->ifindex, &neighbour->address, NULL);

  return resolution != NULL ? hear (gateways, resolution, neighbour) : see_host (gateways, neighbour);
}

static gboolean
is_among_quiet (const GArray          *quiet,
                const DivertNeighbour *entry)
{
  for (guint i = 0; i < quiet->len; i++)
    if (divert_neighbour_equal (&g_array_index (quiet, DivertNeighbour, i), entry))
      return TRUE;
  return FALSE;
}

static gboolean
are_same_quiet (const GArray *a,
                const GArray *b)
{
  for (guint i = 0; i < a->len && a->len == b->len; i++)
    if (!is_among_quiet (b, &g_array_index (a, DivertNeighbour, i)))
      return FALSE;
  return a->len == b->len;
}

/* Says what need not be heard.  Of what must be heard from now on, we may have missed something a moment ago; it is in
 * the kernel's entry. */
static gboolean
quieten (DivertGateways *gateways)
{
  g_autoptr(GArray) before = gateways->quiet;
  DivertNeighbour entry;
  gboolean changed = FALSE;

  gateways->quiet = g_array_new (FALSE, FALSE, sizeof (DivertNeighbour));
  for (guint i = 0; i < gateways->list->len; i++)
    if (divert_resolution_get_quiet_answer (gateways->list->pdata[i], &entry))
      g_array_append_val (gateways->quiet, entry);
  /* The hosts ride along. */
  if (gateways->quiet->len > 0)
    g_array_append_vals (gateways->quiet, gateways->hosts->data, gateways->hosts->len);
  if (are_same_quiet (before, gateways->quiet))
    return FALSE;
  gateways->quieten (gateways->quiet, gateways->user_data);
  for (guint i = 0; i < before->len; i++)
    {
      const DivertNeighbour *old = &g_array_index (before, DivertNeighbour, i);

      if (!is_among_quiet (gateways->quiet, old) &&
          divert_neighbour_get (gateways->netlink, old->ifindex, &old->address, &entry, NULL))
        changed |= divert_gateways_see (gateways, &entry);
    }
  return changed;
}

void
divert_gateways_go_on (DivertGateways *gateways,
                       gboolean        changed)
{
  gint64 next = G_MAXINT64;

  changed |= quieten (gateways);
  for (guint i = 0; i < gateways->list->len; i++)
    next = MIN (next, divert_resolution_next_tick (gateways->list->pdata[i]));
  g_source_set_ready_time (gateways->timer, next == G_MAXINT64 ? -1 : next);
  if (changed)
    gateways->changed (gateways->user_data);
}

static gboolean
dispatch (GSource     *source,
          GSourceFunc  callback,
          gpointer     user_data)
{
  return callback (user_data);
}

/* What the filter hides of the hosts is whether they are in use.  The kernel would tell late (K4.8), and wake us up.
 * Which hosts these are is decided here too, once a second, so that a storm of others costs no filter each time. */
static gboolean
look_at_hosts (DivertGateways *gateways)
{
  g_autoptr(GArray) hosts = gateways->hosts;
  DivertNeighbour entry;
  gboolean changed = FALSE;

  gateways->hosts = g_array_new (FALSE, FALSE, sizeof (DivertNeighbour));
  for (guint i = 0; i < hosts->len; i++)
    {
      const DivertNeighbour *host = &g_array_index (hosts, DivertNeighbour, i);

      if (divert_neighbour_get (gateways->netlink, host->ifindex, &host->address, &entry, NULL))
        changed |= divert_gateways_see (gateways, &entry);
    }
  divert_neighbours_add_quiet (gateways->neighbours, gateways->hosts, MAX_QUIET_HOSTS);
  return changed;
}

typedef gboolean (*Step) (DivertResolution *resolution, DivertNetlink *netlink, gint64 now);

static gboolean
take_step (DivertGateways   *gateways,
           DivertResolution *resolution,
           Step              step,
           gint64            now)
{
  const gint64 answer_before = resolution->last_answer;
  const guint newer = count_newer (gateways, resolution, answer_before);
  gboolean changed;

  resolution->awaited = newer > 0;
  changed = step (resolution, gateways->netlink, now);
  take_doubt (gateways, resolution);
  return changed || count_newer (gateways, resolution, resolution->last_answer) < newer;
}

static gboolean
on_timer (gpointer user_data)
{
  DivertGateways *gateways = user_data;
  gint64 now = g_get_monotonic_time ();
  gboolean changed = FALSE, asked = FALSE;

  for (guint i = 0; i < gateways->list->len; i++)
    {
      changed |= take_step (gateways, gateways->list->pdata[i], divert_resolution_tick, now);
      asked |= ((const DivertResolution *) gateways->list->pdata[i])->asked_at == now;
    }
  /* A laptop has one gateway in each family, so ask both in one wake-up per second. */
  for (guint i = 0; i < gateways->list->len && asked; i++)
    changed |= take_step (gateways, gateways->list->pdata[i], divert_resolution_join, now);
  changed |= look_at_hosts (gateways);
  divert_gateways_go_on (gateways, changed);
  return G_SOURCE_CONTINUE;
}

void
divert_gateways_start_timer (DivertGateways *gateways)
{
  static GSourceFuncs funcs = { .dispatch = dispatch };

  gateways->timer = g_source_new (&funcs, sizeof (GSource));
  g_source_set_name (gateways->timer, "gateways");
  /* A silent gateway is as urgent as a message from the kernel. */
  g_source_set_priority (gateways->timer, G_PRIORITY_HIGH);
  g_source_set_callback (gateways->timer, on_timer, gateways, NULL);
  g_source_attach (gateways->timer, NULL);
}
