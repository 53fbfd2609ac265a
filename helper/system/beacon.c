/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: what has been asked of which beacon through which link, and what came of it.
 *
 * An answer holds until the link is distrusted.  A failure holds too, so that the
 * place does not flap, but not for ever: when its time is over, "look again" is said,
 * and whoever still needs the answer asks.  Nothing is sent that nobody asked for.
 */
#include "beacon.h"

#include <string.h>

#include "beacon-handshake.h"

#define RETRY_FIRST_S 2
#define RETRY_LAST_S 300

typedef struct
{
  DivertBeacons    *owner;
  char             *site;
  DivertBeacon      beacon;
  guint             ifindex;
  DivertBeaconState state;
  char             *detail;
  DivertHandshake  *handshake; /* NULL: none under way */
  guint             retry_id;
  guint             retry_s;   /* the next time to wait */
} Question;

struct DivertBeacons
{
  DivertBeaconsChanged changed;
  gpointer             user_data;
  GPtrArray           *questions;
};

static void
question_free (Question *question)
{
  g_clear_handle_id (&question->retry_id, g_source_remove);
  divert_handshake_free (question->handshake);
  g_free (question->site);
  g_free (question->detail);
  g_free (question);
}

static gboolean
on_retry (gpointer user_data)
{
  Question *question = user_data;

  question->retry_id = 0;
  question->owner->changed (question->owner->user_data);
  return G_SOURCE_REMOVE;
}

static void
on_done (const char *failure,
         gpointer    user_data)
{
  Question *question = user_data;

  question->state = failure == NULL ? DIVERT_BEACON_PROVEN : DIVERT_BEACON_FAILED;
  g_free (question->detail);
  question->detail = g_strdup (failure);
  g_clear_pointer (&question->handshake, divert_handshake_free);
  if (failure != NULL)
    {
      question->retry_id = g_timeout_add_seconds (question->retry_s, on_retry, question);
      question->retry_s = MIN (question->retry_s * 2, RETRY_LAST_S);
    }
  question->owner->changed (question->owner->user_data);
}

static gboolean
is_same_beacon (const DivertBeacon *a,
                const DivertBeacon *b)
{
  return divert_prefix_equal (&a->address, &b->address) && a->port == b->port &&
         memcmp (a->sha256, b->sha256, sizeof a->sha256) == 0;
}

/* Another key or address under the same name is another question. */
static Question *
find (DivertBeacons    *beacons,
      const DivertSite *site,
      guint             ifindex)
{
  for (guint i = 0; i < beacons->questions->len; i++)
    {
      Question *question = g_ptr_array_index (beacons->questions, i);

      if (question->ifindex != ifindex || !g_str_equal (question->site, site->name))
        continue;
      if (is_same_beacon (&question->beacon, &site->beacon))
        return question;
      g_ptr_array_remove_index_fast (beacons->questions, i);
      return NULL;
    }
  return NULL;
}

void
divert_beacons_ask (DivertBeacons    *beacons,
                    const DivertSite *site,
                    guint             ifindex,
                    guint32           mark)
{
  Question *question = find (beacons, site, ifindex);

  if (question == NULL)
    {
      question = g_new0 (Question, 1);
      question->owner = beacons;
      question->site = g_strdup (site->name);
      question->beacon = site->beacon;
      question->ifindex = ifindex;
      question->retry_s = RETRY_FIRST_S;
      g_ptr_array_add (beacons->questions, question);
    }
  if (question->handshake != NULL || question->state == DIVERT_BEACON_PROVEN || question->retry_id != 0)
    return;
  question->handshake = divert_handshake_new (&question->beacon, ifindex, mark, on_done, question);
}

void
divert_beacons_distrust (DivertBeacons *beacons,
                         guint          ifindex)
{
  for (guint i = beacons->questions->len; i > 0; i--)
    {
      const Question *question = g_ptr_array_index (beacons->questions, i - 1);

      if (ifindex == 0 || question->ifindex == ifindex)
        g_ptr_array_remove_index_fast (beacons->questions, i - 1);
    }
}

static gboolean
has_link (const DivertFacts *facts,
          guint              ifindex)
{
  for (guint i = 0; i < facts->links->len; i++)
    if (((const DivertLink *) g_ptr_array_index (facts->links, i))->ifindex == ifindex)
      return TRUE;
  return FALSE;
}

void
divert_beacons_gather (DivertBeacons *beacons,
                       DivertFacts   *facts)
{
  for (guint i = beacons->questions->len; i > 0; i--)
    {
      const Question *question = g_ptr_array_index (beacons->questions, i - 1);

      if (has_link (facts, question->ifindex))
        g_ptr_array_add (facts->beacons, divert_beacon_fact_new (question->site, question->ifindex, question->state, question->detail));
      else
        g_ptr_array_remove_index_fast (beacons->questions, i - 1);
    }
}

DivertBeacons *
divert_beacons_new (DivertBeaconsChanged changed,
                    gpointer             user_data)
{
  DivertBeacons *beacons = g_new0 (DivertBeacons, 1);

  beacons->changed = changed;
  beacons->user_data = user_data;
  beacons->questions = g_ptr_array_new_with_free_func ((GDestroyNotify) question_free);
  return beacons;
}

void
divert_beacons_free (DivertBeacons *beacons)
{
  if (beacons == NULL)
    return;
  g_ptr_array_unref (beacons->questions);
  g_free (beacons);
}
