/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: how one gateway is asked: in the entry's address or everybody, quietly or not, and for how long (the theory of
 * operation is at the head of gateway-resolution.c).
 */
#include "gateway-question.h"

#define UNICAST_US     (500 * G_TIME_SPAN_MILLISECOND)
#define BOUND_US       (3 * G_TIME_SPAN_SECOND)
/* For a resolved gateway, after DIVERT_HEARTBEAT_US. */
#define SILENCE_US     (1450 * G_TIME_SPAN_MILLISECOND)
/* Everybody has at least so long to answer, however late we ask. */
#define LEAST_US       (250 * G_TIME_SPAN_MILLISECOND)
#define LAST_RETRY_US  (30 * G_TIME_SPAN_SECOND)
/* Questions in the background are not asked more often than this, whatever others on the link send. */
#define BACKGROUND_US  (1 * G_TIME_SPAN_SECOND)

gboolean
divert_question_note_mac (DivertResolution *r,
                          const DivertMac  *mac,
                          gint64            now)
{
  const DivertMacNews news = divert_macs_note (r->macs, mac, now);

  r->doubtful |= news == DIVERT_MAC_OTHER;
  return news != DIVERT_MAC_KNOWN;
}

gboolean
divert_question_give_up (DivertResolution *r,
                         gint64            now)
{
  gboolean changed = r->state != DIVERT_GATEWAY_FAILED;

  r->doubtful |= r->state == DIVERT_GATEWAY_RESOLVED;
  r->state = DIVERT_GATEWAY_FAILED;
  r->question = DIVERT_QUESTION_NONE;
  r->quiet = FALSE;
  r->deadline = now + r->retry;
  r->retry = MIN (r->retry * 2, LAST_RETRY_US);
  return changed;
}

gboolean
divert_question_ask_everybody (DivertResolution *r,
                               DivertNetlink    *netlink,
                               gint64            now)
{
  if (!divert_neighbour_solicit (netlink, r->ifindex, &r->address, NULL))
    return divert_question_give_up (r, now);
  r->question = DIVERT_QUESTION_BROADCAST;
  r->quiet = FALSE;
  r->deadline = r->state == DIVERT_GATEWAY_RESOLVED ? MAX (r->asked_at + SILENCE_US, now + LEAST_US) :
                                                      r->asked_at + BOUND_US;
  return FALSE;
}

/* Is the answer the known one, unless it is told of? */
static gboolean
is_sure (const DivertResolution *r)
{
  return r->state == DIVERT_GATEWAY_RESOLVED && !r->awaited && r->macs->len == 1 && r->has_entry_mac &&
         divert_mac_equal (&r->entry_mac, &divert_macs_index (r->macs, 0)->mac);
}

gboolean
divert_question_start (DivertResolution *r,
                       DivertNetlink    *netlink,
                       gint64            now)
{
  DivertNeighbour entry;

  r->asked_at = now;
  r->quiet = FALSE;
  if (!divert_neighbour_get (netlink, r->ifindex, &r->address, &entry, NULL) || entry.state & DIVERT_NUD_MADE)
    return divert_question_give_up (r, now);

  r->has_entry_mac = entry.has_mac && entry.state & DIVERT_NUD_USABLE;
  r->entry_mac = entry.mac;
  if (!r->has_entry_mac || !divert_neighbour_probe (netlink, &entry, NULL))
    return divert_question_ask_everybody (r, netlink, now);
  r->question = DIVERT_QUESTION_UNICAST;
  r->deadline = now + UNICAST_US;
  return FALSE;
}

void
divert_question_hear (DivertResolution *r)
{
  r->quiet = FALSE;
  r->deadline = r->asked_at + UNICAST_US;
}

gboolean
divert_question_look (DivertResolution *r,
                      DivertNetlink    *netlink,
                      gint64            now)
{
  DivertNeighbour entry;

  if (!divert_neighbour_get (netlink, r->ifindex, &r->address, &entry, NULL) || entry.state != NUD_REACHABLE ||
      !entry.has_mac || !divert_mac_equal (&entry.mac, &r->entry_mac))
    return FALSE;
  divert_question_note_mac (r, &entry.mac, now);
  r->last_answer = r->asked_at;
  r->question = DIVERT_QUESTION_NONE;
  r->quiet = FALSE;
  return TRUE;
}

gboolean
divert_question_ask_again (DivertResolution *r,
                           DivertNetlink    *netlink,
                           gint64            now)
{
  gboolean changed;

  if (r->quiet && !divert_question_look (r, netlink, now))
    return divert_question_ask_everybody (r, netlink, now);
  changed = divert_question_start (r, netlink, now);
  if (r->question == DIVERT_QUESTION_UNICAST && is_sure (r))
    {
      r->quiet = TRUE;
      r->deadline = now + DIVERT_HEARTBEAT_US;
    }
  return changed;
}

gboolean
divert_question_ask_in_background (DivertResolution *r,
                                   DivertNetlink    *netlink,
                                   gint64            now)
{
  if (r->question != DIVERT_QUESTION_NONE || r->state != DIVERT_GATEWAY_RESOLVED)
    return FALSE;
  if (now - r->asked_at >= BACKGROUND_US)
    return divert_question_start (r, netlink, now);
  r->deadline = r->asked_at + BACKGROUND_US;
  return FALSE;
}
