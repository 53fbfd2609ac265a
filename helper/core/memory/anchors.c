/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: what is remembered of a connection that proved a site.
 *
 * Theory of operation.  NetworkManager leaves a profile activated for six seconds when the carrier
 * is lost. If it comes back within them in another network, UUID, zone and subnet may still speak
 * for home; so they may in a network that was exchanged behind a carrier that stays. So the
 * gateways' link-layer addresses are remembered from the first proof on, and from then on one of
 * them must answer, as if the site's configuration named them.
 *
 * Learning.  The first ones are those that answer before the carrier was lost and, if somebody was
 * there to be asked, before the link's epoch changed. A gateway that shows up later (IPv6's, with
 * its router advertisement; another address of DHCP's) is added when one that is known vouches for
 * it: it answers, with its known address, after the new one did. Until then that one is a newcomer,
 * and says nothing, for or against: a network that was exchanged behind a carrier that stays often
 * shows a router of its own before home's is found to be silent. One that is known is never given
 * another address.
 *
 * A new epoch (facts.h) at home is harmless: a lease with another address, a resume, a silent
 * moment; the known gateway answers again, and that is all that is asked. Where none was learned in
 * time, a lost carrier or a new epoch ends it: the connection has to be activated anew, which is a
 * new activation and a new anchor. But as long as the first question is open the epoch may change:
 * NetworkManager still puts routes and addresses in order then.
 *
 * A site with gateway-mac needs none of this, and is anchored all the same: it costs nothing.
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
  guint   carrier_changes; /* when it was first proven */
  guint   epoch;           /* of the link, then */
  gboolean asking;         /* no gateway is known, but one may still answer for the first time */
  gint64  asking_until;
  GArray *known;           /* Known */
} Anchor;

struct DivertAnchors
{
  GPtrArray *list; /* Anchor */
};

/* For the first answer (µs): a question's own bound, and some for routes that come late. */
#define ASKING_US (5 * G_TIME_SPAN_SECOND)
/* Beyond any real machine's default gateways. */
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

/* With two voices it is none to be believed. */
static gboolean
has_one_voice (const DivertGateway *gateway)
{
  return gateway->state == DIVERT_GATEWAY_RESOLVED && gateway->macs->len == 1;
}

/* When did one that is known last answer, with its known address?  0: none does. */
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

/* May it be another network than the one that was first proven? */
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
      /* A moment without any route, while one is replaced, is no answer. */
      if (anchor->known->len == 0 && link->gateways->len > 0)
        anchor->asking = is_unanswered (link);
      anchor->asking = anchor->asking && now < anchor->asking_until;
      if (anchor->asking)
        anchor->epoch = link->epoch;
    }
}
