/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: what is remembered of a connection that proved a site.
 *
 * Theory of operation.  After the carrier is lost, NetworkManager keeps a profile activated for six
 * seconds.  If the carrier comes back within that time in another network, UUID, zone and subnet
 * may still look like home.  The same is true of a network that is swapped without carrier loss.
 * So the link-layer addresses of the gateways are remembered from the first proof on.  From then on
 * one of them must answer, as if the site's configuration named them.
 *
 * Learning.  The first gateways we learn are those that answer before the carrier is lost and
 * before the link's epoch changes (an epoch change while the first question is open does not count,
 * see below).  A gateway that appears later (IPv6's, with its router advertisement, or another one
 * from DHCP) is learned once a known gateway vouches for it: the known one answers, with its known
 * address, after the new one did.  Until then the new gateway is a newcomer and proves nothing, for
 * or against, because a network swapped without carrier loss often shows its own router before we
 * notice that home's is silent.  A known gateway never gets another address.
 *
 * At home a new epoch (facts.h) is harmless.  A lease with another address, a resume or a silent
 * moment starts one; the known gateway answers again, and nothing more is required.  If no gateway
 * was learned in time, a lost carrier or a new epoch ends the proof.  The connection must then be
 * activated again, which makes a new activation and a new anchor.  The exception is the time while
 * the first question is open: NetworkManager still arranges routes and addresses then, so the epoch
 * may change.
 *
 * A site with gateway-mac does not need any of this, but it gets an anchor all the same because
 * that costs nothing.
 */
#include "anchors.h"

typedef struct
{
  DivertPrefix address;
  DivertMac    mac;
} Known;

typedef struct
{
  char   *activation;
  guint   ifindex;
  guint   carrier_changes; /* at the first proof */
  guint   epoch;           /* the link's, at the first proof */
  gboolean asking;         /* no gateway is known, but one may still answer for the first time */
  gint64  asking_until;
  GArray *known;           /* Known */
} Anchor;

struct DivertAnchors
{
  GPtrArray *list; /* Anchor */
};

/* How long to wait for the first answer (µs): the time limit of a question, and some more for late routes. */
#define ASKING_US (5 * G_TIME_SPAN_SECOND)
/* More default gateways than any real machine has. */
#define MAX_KNOWN 16

static void
anchor_free (Anchor *anchor)
{
  g_free (anchor->activation);
  g_array_unref (anchor->known);
  g_free (anchor);
}

DivertAnchors *
divert_anchors_new (void)
{
  DivertAnchors *anchors = g_new0 (DivertAnchors, 1);

  anchors->list = g_ptr_array_new_with_free_func ((GDestroyNotify) anchor_free);
  return anchors;
}

void
divert_anchors_free (DivertAnchors *anchors)
{
  if (anchors == NULL)
    return;
  g_ptr_array_unref (anchors->list);
  g_free (anchors);
}

static Anchor *
find (const DivertAnchors    *anchors,
      const DivertConnection *connection,
      const DivertLink       *link)
{
  for (guint i = 0; connection->activation != NULL && link != NULL && i < anchors->list->len; i++)
    {
      Anchor *anchor = g_ptr_array_index (anchors->list, i);

      if (anchor->ifindex == link->ifindex && g_str_equal (anchor->activation, connection->activation))
        return anchor;
    }
  return NULL;
}

static gboolean
knows (const Anchor       *anchor,
       const DivertPrefix *address)
{
  for (guint i = 0; i < anchor->known->len; i++)
    if (divert_prefix_equal (&g_array_index (anchor->known, Known, i).address, address))
      return TRUE;
  return FALSE;
}

static gboolean
is_known (const Anchor        *anchor,
          const DivertGateway *gateway)
{
  for (guint i = 0; i < anchor->known->len; i++)
    {
      const Known *known = &g_array_index (anchor->known, Known, i);

      if (divert_prefix_equal (&known->address, &gateway->address) &&
          divert_mac_equal (&known->mac, &g_array_index (gateway->macs, DivertMac, 0)))
        return TRUE;
    }
  return FALSE;
}

/* A gateway that answers with two addresses cannot be trusted. */
static gboolean
has_one_voice (const DivertGateway *gateway)
{
  return gateway->state == DIVERT_GATEWAY_RESOLVED && gateway->macs->len == 1;
}

/* When did a known gateway last answer with its known address?  0 if none does. */
static gint64
last_known_answer (const Anchor     *anchor,
                   const DivertLink *link)
{
  gint64 last = 0;

  for (guint i = 0; i < link->gateways->len; i++)
    {
      const DivertGateway *gateway = g_ptr_array_index (link->gateways, i);

      if (has_one_voice (gateway) && is_known (anchor, gateway))
        last = MAX (last, gateway->last_answer);
    }
  return last;
}

static gboolean
is_unanswered (const DivertLink *link)
{
  for (guint i = 0; i < link->gateways->len; i++)
    {
      const DivertGateway *gateway = g_ptr_array_index (link->gateways, i);

      if (gateway->state == DIVERT_GATEWAY_UNKNOWN || gateway->state == DIVERT_GATEWAY_PENDING)
        return TRUE;
    }
  return FALSE;
}

/* May this be another network than the one first proven? */
static gboolean
is_doubtful (const Anchor     *anchor,
             const DivertLink *link)
{
  if (anchor->carrier_changes != link->carrier_changes)
    return TRUE;
  return anchor->epoch != link->epoch && !anchor->asking;
}

static void
learn_gateways (Anchor           *anchor,
                const DivertLink *link)
{
  gboolean first = anchor->known->len == 0;
  gint64 vouched = last_known_answer (anchor, link);

  if (first && is_doubtful (anchor, link))
    return;
  for (guint i = 0; i < link->gateways->len; i++)
    {
      DivertGateway *gateway = g_ptr_array_index (link->gateways, i);
      Known known = { .address = gateway->address };

      if (!has_one_voice (gateway) || knows (anchor, &gateway->address) || anchor->known->len == MAX_KNOWN)
        continue;
      if (!first && vouched <= gateway->first_answer)
        {
          gateway->newcomer = vouched > 0;
          continue;
        }
      known.mac = g_array_index (gateway->macs, DivertMac, 0);
      g_array_append_val (anchor->known, known);
      anchor->asking = FALSE;
    }
}

static gboolean
is_active (const DivertFacts *facts,
           const Anchor      *anchor)
{
  for (guint i = 0; i < facts->connections->len; i++)
    {
      const DivertConnection *connection = g_ptr_array_index (facts->connections, i);

      if (g_strcmp0 (connection->activation, anchor->activation) == 0)
        return TRUE;
    }
  return FALSE;
}

void
divert_anchors_fill (DivertAnchors *anchors,
                     DivertFacts   *facts)
{
  for (guint i = anchors->list->len; i > 0; i--)
    if (!is_active (facts, g_ptr_array_index (anchors->list, i - 1)))
      g_ptr_array_remove_index_fast (anchors->list, i - 1);

  for (guint i = 0; i < facts->connections->len; i++)
    {
      DivertConnection *connection = g_ptr_array_index (facts->connections, i);
      const DivertLink *link = divert_facts_find_link (facts, connection->device);
      Anchor *anchor = find (anchors, connection, link);

      if (anchor == NULL)
        continue;
      connection->returned = is_doubtful (anchor, link);
      learn_gateways (anchor, link);
      for (guint j = 0; j < anchor->known->len; j++)
        {
          const Known *known = &g_array_index (anchor->known, Known, j);

          if (!divert_macs_contain (connection->known_gateways, &known->mac))
            g_array_append_val (connection->known_gateways, known->mac);
        }
    }
}

static gboolean
is_proven (const DivertDecision   *decision,
           const DivertConnection *connection)
{
  for (guint i = 0; i < decision->candidates->len; i++)
    {
      const DivertCandidate *candidate = g_ptr_array_index (decision->candidates, i);

      if (candidate->proven && g_strcmp0 (candidate->uuid, connection->uuid) == 0 &&
          g_strcmp0 (candidate->device, connection->device) == 0)
        return TRUE;
    }
  return FALSE;
}

void
divert_anchors_learn (DivertAnchors        *anchors,
                      const DivertFacts    *facts,
                      const DivertDecision *decision,
                      gint64                now)
{
  for (guint i = 0; i < facts->connections->len; i++)
    {
      const DivertConnection *connection = g_ptr_array_index (facts->connections, i);
      const DivertLink *link = divert_facts_find_link (facts, connection->device);
      Anchor *anchor = find (anchors, connection, link);

      if (connection->activation == NULL || link == NULL || !is_proven (decision, connection))
        continue;
      if (anchor == NULL)
        {
          anchor = g_new0 (Anchor, 1);
          anchor->activation = g_strdup (connection->activation);
          anchor->ifindex = link->ifindex;
          anchor->carrier_changes = link->carrier_changes;
          anchor->epoch = link->epoch;
          anchor->asking_until = now + ASKING_US;
          anchor->known = g_array_new (FALSE, FALSE, sizeof (Known));
          g_ptr_array_add (anchors->list, anchor);
        }
      learn_gateways (anchor, link);
      /* While a route is replaced there may be none for a moment; do not take that for an answer. */
      if (anchor->known->len == 0 && link->gateways->len > 0)
        anchor->asking = is_unanswered (link);
      anchor->asking = anchor->asking && now < anchor->asking_until;
      if (anchor->asking)
        anchor->epoch = link->epoch;
    }
}
