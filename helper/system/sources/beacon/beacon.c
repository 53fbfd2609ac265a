/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: which beacon was asked through which link, and the answers.
 *
 * An answer is valid until the link is distrusted, but not forever.  When its time is over, we say
 * "look again", and whoever still needs the answer asks.  The old answer stays valid until there is
 * a new one: a good one so that home does not flap (it does expire if nobody asks), and a bad one
 * as well.  We never send anything that nobody asked for.
 *
 * Others can make us distrust a link as often as they like, with a gateway that answers with two
 * addresses in turn.  So each question has an allowance: a few in a row, as a return home needs
 * them, and then one every few seconds.
 */
#include "beacon.h"

#include <string.h>

#include "beacon-handshake.h"

typedef struct
{
  DivertBeacons    *owner;
  char             *site;
  DivertBeacon      beacon;
  guint             ifindex;
  DivertBeaconState state;
  char             *detail;
  DivertHandshake  *handshake; /* NULL: none under way */
  guint             wait_id;   /* while set, do not ask */
  guint             retry_ms;  /* how long to wait after the next failure */
  gint64            proven_until;
  gint64            spent_until; /* when the allowance is full again (monotonic) */
} Question;

struct DivertBeacons
{
  DivertLookAgain    changed;
  gpointer           user_data;
  DivertBeaconLimits limits;
  GPtrArray         *questions;
};

static void
question_free (Question *question)
{
  g_clear_handle_id (&question->wait_id, g_source_remove);
  divert_handshake_free (question->handshake);
  g_free (question->site);
  g_free (question->detail);
  g_free (question);
}

static gboolean
on_waited (gpointer user_data)
{
  Question *question = user_data;

  question->wait_id = 0;
  question->owner->changed (question->owner->user_data);
  return G_SOURCE_REMOVE;
}

static void
on_done (const char *failure,
         gpointer    user_data)
{
  Question *question = user_data;
  const DivertBeaconLimits *limits = &question->owner->limits;

  question->state = failure == NULL ? DIVERT_BEACON_PROVEN : DIVERT_BEACON_FAILED;
  g_free (question->detail);
  question->detail = g_strdup (failure);
  g_clear_pointer (&question->handshake, divert_handshake_free);
  if (failure != NULL)
    {
      question->wait_id = g_timeout_add (question->retry_ms, on_waited, question);
      question->retry_ms = MIN (question->retry_ms * 2, limits->retry_last_ms);
    }
  else
    {
      question->wait_id = g_timeout_add (limits->renewal_ms, on_waited, question);
      question->retry_ms = limits->retry_first_ms;
      question->proven_until = g_get_monotonic_time () +
                               ((gint64) limits->renewal_ms + limits->slack_ms) * G_TIME_SPAN_MILLISECOND;
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

static gboolean
is_about (const Question   *question,
          const DivertSite *site)
{
  return g_str_equal (question->site, site->name) && site->has_beacon &&
         is_same_beacon (&question->beacon, &site->beacon);
}

/* The same name with another key or address is another question. */
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
      if (is_about (question, site))
        return question;
      g_ptr_array_remove_index_fast (beacons->questions, i);
      return NULL;
    }
  return NULL;
}

void
divert_beacons_keep (DivertBeacons      *beacons,
                     const DivertConfig *config)
{
  for (guint i = beacons->questions->len; i > 0; i--)
    {
      const Question *question = g_ptr_array_index (beacons->questions, i - 1);
      const DivertSite *site = divert_config_find_site (config, question->site);

      if (site == NULL || !is_about (question, site))
        g_ptr_array_remove_index_fast (beacons->questions, i - 1);
    }
}

/* FALSE: the allowance is used up; waits until it is not. */
static gboolean
spend (Question *question)
{
  const DivertBeaconLimits *limits = &question->owner->limits;
  const gint64 spacing = limits->spacing_ms * G_TIME_SPAN_MILLISECOND, most = (limits->in_a_row - 1) * spacing;
  gint64 now = g_get_monotonic_time (), spent = MAX (question->spent_until - now, 0);

  if (spent > most)
    {
      guint wait_ms = (spent - most) / G_TIME_SPAN_MILLISECOND + 1;

      question->wait_id = g_timeout_add (wait_ms, on_waited, question);
      return FALSE;
    }
  question->spent_until = now + spent + spacing;
  return TRUE;
}

/* Forgets the answer and the number of failures, but not how much of the allowance is used. */
static void
forget (Question *question)
{
  question->state = DIVERT_BEACON_PENDING;
  g_clear_pointer (&question->detail, g_free);
  g_clear_pointer (&question->handshake, divert_handshake_free);
  g_clear_handle_id (&question->wait_id, g_source_remove);
  question->retry_ms = question->owner->limits.retry_first_ms;
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
      question->retry_ms = beacons->limits.retry_first_ms;
      g_ptr_array_add (beacons->questions, question);
    }
  if (question->handshake != NULL || question->wait_id != 0 || !spend (question))
    return;
  question->handshake = divert_handshake_new (&question->beacon, ifindex, mark, beacons->limits.answer_ms, on_done,
                                              question);
}

void
divert_beacons_distrust (DivertBeacons *beacons,
                         guint          ifindex)
{
  for (guint i = 0; i < beacons->questions->len; i++)
    {
      Question *question = g_ptr_array_index (beacons->questions, i);

      if (ifindex == 0 || question->ifindex == ifindex)
        forget (question);
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

/* Nobody has asked since it was forgotten. */
static gboolean
is_idle (const Question *question)
{
  return question->state == DIVERT_BEACON_PENDING && question->handshake == NULL && question->wait_id == 0;
}

void
divert_beacons_gather (DivertBeacons *beacons,
                       DivertFacts   *facts)
{
  gint64 now = g_get_monotonic_time ();

  for (guint i = beacons->questions->len; i > 0; i--)
    {
      Question *question = g_ptr_array_index (beacons->questions, i - 1);

      if (!has_link (facts, question->ifindex))
        {
          g_ptr_array_remove_index_fast (beacons->questions, i - 1);
          continue;
        }
      if (question->state == DIVERT_BEACON_PROVEN && question->proven_until <= now)
        forget (question);
      if (!is_idle (question))
        g_ptr_array_add (facts->beacons,
                         divert_beacon_fact_new (question->site, question->ifindex, question->state, question->detail));
    }
}

DivertBeacons *
divert_beacons_new (const DivertBeaconLimits *limits,
                    DivertLookAgain           changed,
                    gpointer                  user_data)
{
  DivertBeacons *beacons = g_new0 (DivertBeacons, 1);

  beacons->limits = *limits;
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
