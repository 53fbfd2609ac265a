/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: what counts as the loss of a link, and which notifications wake the tripwire.
 *
 * A link is lost if its carrier is gone, or was gone since we looked: the kernel counts each time that the carrier
 * goes or comes.  So a loss that is over before anybody reads of it counts as well.  A bond is lost if it uses another
 * port, because that may lead to another network, and no carrier shows it (K4.15).  A notification that is older than
 * what we know says nothing.  What it says of a bond doesn't show its age, but a false alarm costs only a moment of
 * doubt.  Addresses and routes are left to the main loop, because they come and go without anybody having left: IPv6's
 * temporary addresses do so each day.
 */
#include "tripwire-link.h"

#include "core/facts/carriers.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

/* A machine has one link to home, or two.  With more than these, all links are heard. */
#define MAX_FILTERED 16

static void
add_link (GArray           *links,
          const DivertLink *link)
{
  DivertLinkState state = { 0 };

  state.ifindex = link->ifindex;
  g_strlcpy (state.name, link->name, sizeof state.name);
  state.carrier = link->carrier;
  state.carrier_changes = link->carrier_changes;
  state.bonding = link->bonding;
  g_array_append_val (links, state);
}

GArray *
divert_trip_links_new (const DivertDecision *decision,
                       const DivertFacts    *facts)
{
  GArray *links = g_array_new (FALSE, TRUE, sizeof (DivertLinkState));

  for (guint i = 0; decision->place == DIVERT_PLACE_SITE && i < decision->exits->len; i++)
    {
      const DivertExit *way_out = g_ptr_array_index (decision->exits, i);
      const DivertLink *link = divert_facts_find_link (facts, way_out->device);
      g_autoptr(GPtrArray) carriers = link != NULL ? divert_facts_find_carriers (facts, link) : g_ptr_array_new ();

      if (link == NULL)
        continue;
      add_link (links, link);
      /* Its own carrier may stay when theirs goes. */
      for (guint j = 0; j < carriers->len; j++)
        if (((const DivertLink *) g_ptr_array_index (carriers, j))->carrier)
          add_link (links, g_ptr_array_index (carriers, j));
    }
  return links;
}

const DivertLinkState *
divert_trip_links_find (const GArray *links,
                        guint         ifindex)
{
  for (guint i = 0; i < links->len; i++)
    if (g_array_index (links, DivertLinkState, i).ifindex == ifindex)
      return &g_array_index (links, DivertLinkState, i);
  return NULL;
}

gboolean
divert_trip_links_equal (const GArray *a,
                         const GArray *b)
{
  if (a->len != b->len)
    return FALSE;
  for (guint i = 0; i < a->len; i++)
    {
      const DivertLinkState *left = &g_array_index (a, DivertLinkState, i);
      const DivertLinkState *right = &g_array_index (b, DivertLinkState, i);

      if (left->ifindex != right->ifindex || left->carrier != right->carrier ||
          left->carrier_changes != right->carrier_changes || left->bonding != right->bonding ||
          !g_str_equal (left->name, right->name))
        return FALSE;
    }
  return TRUE;
}

gboolean
divert_trip_link_is_lost (const DivertLinkState *link,
                          struct nlmsghdr       *header)
{
  DivertLinkState now;
  gint32 changes;

  if (!divert_kernel_parse_link (header, &now))
    return FALSE;
  if (header->nlmsg_type == RTM_DELLINK || !g_str_equal (now.name, link->name))
    return TRUE;
  changes = (gint32) (now.carrier_changes - link->carrier_changes);
  return changes > 0 ||
         (changes == 0 && ((link->carrier && !now.carrier) || now.bonding != link->bonding));
}

typedef struct
{
  const DivertLinkState *link;
  gboolean               told, lost;
} Search;

static void
see_link (struct nlmsghdr *header,
          gpointer         user_data)
{
  Search *search = user_data;

  search->told = TRUE;
  search->lost |= divert_trip_link_is_lost (search->link, header);
}

DivertNetlinkMessage *
divert_trip_link_question_new (const DivertLinkState *link)
{
  const struct ifinfomsg which = { .ifi_family = AF_UNSPEC, .ifi_index = (int) link->ifindex };
  DivertNetlinkMessage *question = divert_netlink_message_new (RTM_GETLINK, 0, &which, sizeof which);

  nla_put_u32 (question, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  return question;
}

DivertTripLinkAnswer
divert_trip_link_ask (const DivertLinkState *link,
                      DivertNetlinkMessage  *question,
                      DivertNetlink         *netlink)
{
  Search search = { link, FALSE, FALSE };
  g_autoptr(GError) error = NULL;

  /* It gets a new number each time. */
  nlmsg_hdr (question)->nlmsg_seq = NL_AUTO_SEQ;
  if (!divert_netlink_request (netlink, question, see_link, &search, &error) &&
      g_error_matches (error, DIVERT_NETLINK_ERROR, ENODEV))
    return DIVERT_TRIP_LINK_LOST;
  if (search.lost)
    return DIVERT_TRIP_LINK_LOST;
  return search.told ? DIVERT_TRIP_LINK_HOLDS : DIVERT_TRIP_LINK_UNKNOWN;
}

#define EMIT(...) program[n++] = (struct sock_filter) __VA_ARGS__

/* A load behind the message's end would drop it (K4.9).  Nothing is loaded that a notification about a link does not
 * have.  Loads are in network order. */
void
divert_trip_links_filter (int           fd,
                          const GArray *links)
{
  struct sock_filter program[16 + 2 * MAX_FILTERED];
  struct sock_fprog filter = { .filter = program };
  const guint type = offsetof (struct nlmsghdr, nlmsg_type), family = NLMSG_HDRLEN;
  const guint ifindex = NLMSG_HDRLEN + offsetof (struct ifinfomsg, ifi_index);
  guint n = 0;

  EMIT ({ BPF_LD | BPF_H | BPF_ABS, 0, 0, type });
  EMIT ({ BPF_JMP | BPF_JEQ | BPF_K, 2, 0, GUINT16_TO_BE (RTM_NEWLINK) });
  EMIT ({ BPF_JMP | BPF_JEQ | BPF_K, 1, 0, GUINT16_TO_BE (RTM_DELLINK) });
  EMIT ({ BPF_RET | BPF_K, 0, 0, 0 });
  /* What is of another family is about a bridge's port. */
  EMIT ({ BPF_LD | BPF_B | BPF_ABS, 0, 0, family });
  EMIT ({ BPF_JMP | BPF_JEQ | BPF_K, 1, 0, AF_UNSPEC });
  EMIT ({ BPF_RET | BPF_K, 0, 0, 0 });
  if (links != NULL && links->len <= MAX_FILTERED)
    {
      EMIT ({ BPF_LD | BPF_W | BPF_ABS, 0, 0, ifindex });
      for (guint i = 0; i < links->len; i++)
        {
          EMIT ({ BPF_JMP | BPF_JEQ | BPF_K, 0, 1, GUINT32_TO_BE (g_array_index (links, DivertLinkState, i).ifindex) });
          EMIT ({ BPF_RET | BPF_K, 0, 0, G_MAXUINT32 });
        }
      EMIT ({ BPF_RET | BPF_K, 0, 0, 0 });
    }
  else
    EMIT ({ BPF_RET | BPF_K, 0, 0, G_MAXUINT32 });
  filter.len = n;
  /* A kernel that refuses it wakes us more often. */
  setsockopt (fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
}
