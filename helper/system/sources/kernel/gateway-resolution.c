/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the state machine for one gateway: when to ask, and what an answer changes.  How it is asked is in
 * gateway-question.c.
 *
 * Theory of operation.  The kernel's neighbour table is full of what was true a while ago, perhaps
 * in another network (K4.5).  So an entry proves nothing; only the answer to our own question does.
 *
 *   question   We make the kernel ask the address in the entry (a unicast probe, which disturbs nobody), or everybody
 *              on the link if the entry has none or that address does not answer soon.  An answer makes the entry
 *              NUD_REACHABLE, and a notification tells us.  Notifications from before the first question have been read
 *              by then (kernel.c), so the one that arrives is the answer.  Later ones only confirm or contradict what
 *              we know.
 *   answer     RESOLVED, and the address goes in front of those seen before (gateway-macs.c).
 *   no answer  FAILED after a while, or at once if the kernel says so.  We ask again, less and less often.
 *   after it   While RESOLVED, we ask again every second, because nothing else reveals a network swapped without
 *              carrier loss.  The kernel takes at least three seconds before it asks again who has the NAS's address,
 *              and then a stranger answers; we must know by then.  If the entry gets another address, we note it at
 *              once, whether or not it answered, and ask about it; the same goes for an entry that the kernel drops.
 *   quietly    The answer is almost always the one we know, and waking up for it is half of all wake-ups.  So we
 *              do not (neighbour-filter.c).  When the next question is due, a look at the entry tells whether the last
 *              one was answered: the question made the entry NUD_PROBE, and only an answer makes it NUD_REACHABLE
 *              (K4.7).  We do not know when the answer came, only that it came after the question, and we claim no
 *              more.  Where somebody waits for an answer, or there is any doubt, we listen.
 *   always     The pace is the same while nobody uses the intranet.  If we asked less often then, the first packets
 *              after a pause could go to a stranger for longer, and a pause is when a laptop is moved.  The main loop
 *              has to turn for the watchdog anyway.
 *
 * An entry that an administrator made, and a link without link-layer addresses, never give an
 * answer.
 */
#include "gateway-question.h"

/* How much early a question may be, in order to join another one.  Half of the interval, so that any two can meet. */
#define JOIN_US  (DIVERT_HEARTBEAT_US / 2)
#define HASTE_US (100 * G_TIME_SPAN_MILLISECOND)

DivertResolution *
divert_resolution_new (guint               ifindex,
                       const DivertPrefix *address)
{
  DivertResolution *r = g_new0 (DivertResolution, 1);

  r->ifindex = ifindex;
  r->address = *address;
  r->macs = divert_macs_new ();
  divert_resolution_forget (r);
  return r;
}

void
divert_resolution_free (DivertResolution *r)
{
  if (r == NULL)
    return;
  g_array_unref (r->macs);
  g_free (r);
}

void
divert_resolution_forget (DivertResolution *r)
{
  r->absent = r->router && (r->state == DIVERT_GATEWAY_FAILED || (r->absent && !r->asked));
  r->asked = FALSE;
  r->state = DIVERT_GATEWAY_UNKNOWN;
  g_array_set_size (r->macs, 0);
  r->has_entry_mac = FALSE;
  r->question = DIVERT_QUESTION_NONE;
  r->asked_at = 0;
  r->deadline = 0;
  r->first_answer = 0;
  r->last_answer = 0;
  r->retry = DIVERT_FIRST_RETRY_US;
  r->quiet = FALSE;
  r->awaited = FALSE;
  r->doubtful = FALSE;
}

gboolean
divert_resolution_take_doubt (DivertResolution *r)
{
  gboolean doubtful = r->doubtful;

  r->doubtful = FALSE;
  return doubtful;
}

gboolean
divert_resolution_ask (DivertResolution *r,
                       DivertNetlink    *netlink,
                       gint64            now)
{
  if (r->asked)
    return FALSE;
  r->asked = TRUE;
  /* A site waits for the first answer of a router, but not again and again for that of one that is switched off. */
  r->state = r->absent ? DIVERT_GATEWAY_FAILED : DIVERT_GATEWAY_PENDING;
  return divert_question_start (r, netlink, now) || r->absent;
}

gboolean
divert_resolution_hasten (DivertResolution *r,
                          DivertNetlink    *netlink,
                          gint64            now)
{
  if (r->state != DIVERT_GATEWAY_RESOLVED)
    return FALSE;
  r->awaited = TRUE;
  if (r->quiet && !divert_question_look (r, netlink, now))
    divert_question_hear (r);
  if (r->question != DIVERT_QUESTION_NONE)
    return FALSE;
  if (now - r->asked_at >= HASTE_US)
    return divert_question_start (r, netlink, now);
  r->deadline = MIN (r->deadline, r->asked_at + HASTE_US);
  return FALSE;
}

gboolean
divert_resolution_join (DivertResolution *r,
                        DivertNetlink    *netlink,
                        gint64            now)
{
  if (r->state != DIVERT_GATEWAY_RESOLVED || r->deadline == 0 || r->deadline > now + JOIN_US ||
      (r->question != DIVERT_QUESTION_NONE && !r->quiet))
    return FALSE;
  return divert_question_ask_again (r, netlink, now);
}

static gboolean
see_failure (DivertResolution *r,
             DivertNetlink    *netlink,
             gint64            now)
{
  r->has_entry_mac = FALSE;
  if (r->question == DIVERT_QUESTION_UNICAST)
    return divert_question_ask_everybody (r, netlink, now);
  if (r->question == DIVERT_QUESTION_NONE && r->state == DIVERT_GATEWAY_FAILED)
    return FALSE;
  return divert_question_give_up (r, now);
}

static gboolean
see_deletion (DivertResolution *r,
              DivertNetlink    *netlink,
              gint64            now)
{
  r->has_entry_mac = FALSE;
  if (r->question != DIVERT_QUESTION_NONE)
    return divert_question_ask_everybody (r, netlink, now);
  return divert_question_ask_in_background (r, netlink, now);
}

static gboolean
see_mac (DivertResolution      *r,
         DivertNetlink         *netlink,
         const DivertNeighbour *neighbour,
         gint64                 now)
{
  gboolean is_other = !r->has_entry_mac || !divert_mac_equal (&r->entry_mac, &neighbour->mac);
  gboolean changed = FALSE;

  r->has_entry_mac = TRUE;
  r->entry_mac = neighbour->mac;
  if (is_other || neighbour->state & NUD_REACHABLE)
    changed = divert_question_note_mac (r, &neighbour->mac, now);
  if (is_other && r->quiet)
    divert_question_hear (r);

  if (neighbour->state & NUD_REACHABLE)
    {
      changed |= r->state != DIVERT_GATEWAY_RESOLVED;
      if (r->state != DIVERT_GATEWAY_RESOLVED)
        r->first_answer = r->last_answer = now;
      /* Without a question of ours, this may be what the kernel concluded from older traffic. */
      if (r->question != DIVERT_QUESTION_NONE)
        r->last_answer = now;
      r->state = DIVERT_GATEWAY_RESOLVED;
      r->question = DIVERT_QUESTION_NONE;
      r->quiet = FALSE;
      r->deadline = now + DIVERT_HEARTBEAT_US;
      r->retry = DIVERT_FIRST_RETRY_US;
    }
  else if (is_other)
    changed |= divert_question_ask_in_background (r, netlink, now);
  return changed;
}

gboolean
divert_resolution_see (DivertResolution      *r,
                       DivertNetlink         *netlink,
                       const DivertNeighbour *neighbour,
                       gint64                 now)
{
  if (!r->asked)
    return FALSE;
  if (neighbour->state == 0)
    return see_deletion (r, netlink, now);
  if (neighbour->state & (NUD_FAILED | DIVERT_NUD_MADE))
    return see_failure (r, netlink, now);
  if ((neighbour->state & DIVERT_NUD_USABLE) == 0)
    return FALSE;
  /* On this kind of link, a site cannot name an address. */
  if (!neighbour->has_mac)
    return see_failure (r, netlink, now);
  return see_mac (r, netlink, neighbour, now);
}

gboolean
divert_resolution_tick (DivertResolution *r,
                        DivertNetlink    *netlink,
                        gint64            now)
{
  gboolean changed = divert_macs_drop_old (r->macs, now);

  if (r->deadline == 0 || now < r->deadline)
    return changed;
  r->deadline = 0;
  switch (r->question)
    {
    case DIVERT_QUESTION_NONE:
      return divert_question_ask_again (r, netlink, now) || changed;
    case DIVERT_QUESTION_UNICAST:
      changed |= r->quiet ? divert_question_ask_again (r, netlink, now)
                          : divert_question_ask_everybody (r, netlink, now);
      return changed;
    case DIVERT_QUESTION_BROADCAST:
      return divert_question_give_up (r, now) || changed;
    }
  return changed;
}

gint64
divert_resolution_next_tick (const DivertResolution *r)
{
  return MIN (r->deadline != 0 ? r->deadline : G_MAXINT64, divert_macs_get_expiry (r->macs));
}

gboolean
divert_resolution_get_quiet_answer (const DivertResolution *r,
                                    DivertNeighbour        *ret_answer)
{
  if (!r->quiet)
    return FALSE;
  *ret_answer = (DivertNeighbour){ .ifindex = r->ifindex,
                                   .address = r->address,
                                   .state = NUD_REACHABLE,
                                   .has_mac = TRUE,
                                   .mac = r->entry_mac };
  return TRUE;
}

void
divert_resolution_fill (const DivertResolution *r,
                        DivertGateway          *gateway)
{
  gateway->state = r->state;
  gateway->first_answer = r->first_answer;
  gateway->last_answer = r->last_answer;
  for (guint i = 0; i < r->macs->len; i++)
    g_array_append_val (gateway->macs, divert_macs_index (r->macs, i)->mac);
}
