/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the devices' lists of unicast addresses, and what of them isn't this machine's.
 *
 * Theory of operation.  A macvlan child in another network namespace shows here by its address alone, which is in the
 * device's list while the child is up.  A child's making and its end show as a report of the device, which says nothing
 * new, or as a link of kind macvlan that goes.  Its being brought up shows in nothing.  So we look whenever the facts
 * are gathered, and after each report of a link for nearly two minutes, at intervals that grow: each look wakes the
 * machine up, so there are eight.  One takes 2 µs for each device (K4.14).
 *
 * In the list are also the addresses of what this machine has on the device itself: a VLAN or a macvlan with an address
 * of its own, and what is on a VLAN.  Their packets are judged as packets of those devices.  A macvtap's belongs to a
 * virtual machine, wherever the device is.
 *
 * A bridge's port gets addresses of the other ports.  Nothing but the bridge can be on a port, or on a part of a bond,
 * so those aren't looked at.
 */
#include "children.h"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#define FIRST_LOOK_MS 5
#define GROWTH 4
#define LAST_LOOK_MS 90000

typedef struct
{
  guint     ifindex;
  DivertMac mac;
} Entry;

struct DivertChildren
{
  DivertNetlink   *netlink;
  GArray          *asked;    /* guint: the devices whose lists count */
  GArray          *found;    /* Entry: what was in them, in the kernel's order */
  guint            timer_id; /* 0: none */
  guint            delay_ms;
  DivertLookAgain  changed;
  gpointer         user_data;
};

DivertChildren *
divert_children_new (DivertNetlink   *netlink,
                     DivertLookAgain  changed,
                     gpointer         user_data)
{
  DivertChildren *children = g_new0 (DivertChildren, 1);

  children->netlink = netlink;
  children->asked = g_array_new (FALSE, FALSE, sizeof (guint));
  children->found = g_array_new (FALSE, FALSE, sizeof (Entry));
  children->changed = changed;
  children->user_data = user_data;
  return children;
}

void
divert_children_free (DivertChildren *children)
{
  if (children == NULL)
    return;
  g_clear_handle_id (&children->timer_id, g_source_remove);
  g_array_unref (children->asked);
  g_array_unref (children->found);
  g_free (children);
}

typedef struct
{
  guint   ifindex;
  GArray *entries;
} Listing;

/* A kernel without strict checking lists all devices. */
static void
see_unicast (struct nlmsghdr *header,
             gpointer         user_data)
{
  Listing *listing = user_data;
  Entry entry = { 0 };

  if (divert_kernel_parse_unicast (header, &entry.ifindex, &entry.mac) && entry.ifindex == listing->ifindex)
    g_array_append_val (listing->entries, entry);
}

/* NULL: the kernel doesn't say. */
static GArray *
list_all (DivertChildren *children)
{
  g_autoptr(GArray) entries = g_array_new (FALSE, FALSE, sizeof (Entry));

  for (guint i = 0; i < children->asked->len; i++)
    {
      Listing listing = { g_array_index (children->asked, guint, i), entries };
      const struct ndmsg one = { .ndm_family = AF_BRIDGE, .ndm_ifindex = listing.ifindex };
      g_autoptr(DivertNetlinkMessage) msg = divert_netlink_message_new (RTM_GETNEIGH, 0, &one, sizeof one);

      if (!divert_netlink_dump (children->netlink, msg, see_unicast, &listing, NULL, NULL))
        return NULL;
    }
  return g_steal_pointer (&entries);
}

static gboolean
is_same (const GArray *a,
         const GArray *b)
{
  return a->len == b->len && (a->len == 0 || memcmp (a->data, b->data, a->len * sizeof (Entry)) == 0);
}

static const DivertLinkState *
index_state (const DivertKernelState *state,
             guint                    i)
{
  return &g_array_index (state->link_states, DivertLinkState, i);
}

/* One with taps and veths only leads to containers and virtual machines, not to a wire. */
static gboolean
leads_out (const DivertKernelState *state,
           const DivertLinkState   *bridge)
{
  static const char *const inside[] = { "tap", "veth", NULL };

  for (guint i = 0; i < state->link_states->len; i++)
    {
      const DivertLinkState *port = index_state (state, i);

      if (port->master == bridge->ifindex && !g_strv_contains (inside, port->kind))
        return TRUE;
    }
  return FALSE;
}

static gboolean
counts (const DivertKernelState *state,
        const DivertLinkState   *link)
{
  static const char *const kinds[] = { "", "bond", "team", "veth", NULL };

  if (!link->has_mac || g_str_equal (link->kind, "vlan"))
    return link->has_mac;
  return link->master == 0 &&
         (g_strv_contains (kinds, link->kind) || (g_str_equal (link->kind, "bridge") && leads_out (state, link)));
}

static void
add_mac (GArray          *macs,
         const DivertMac *mac)
{
  if (!divert_macs_contain (macs, mac))
    g_array_append_vals (macs, mac, 1);
}

static void
add_list (const DivertChildren *children,
          guint                 ifindex,
          GArray               *macs)
{
  for (guint i = 0; i < children->found->len; i++)
    {
      const Entry *entry = &g_array_index (children->found, Entry, i);

      if (entry->ifindex == ifindex)
        add_mac (macs, &entry->mac);
    }
}

static int
compare_macs (gconstpointer a,
              gconstpointer b)
{
  return memcmp (a, b, sizeof (DivertMac));
}

/* From which this machine sends by @parent: as such, and by what it has on it. */
static GArray *
collect_own (const DivertChildren    *children,
             const DivertKernelState *state,
             const DivertLinkState   *parent)
{
  GArray *own = g_array_new (FALSE, FALSE, sizeof (DivertMac));

  add_mac (own, &parent->mac);
  for (guint i = 0; i < state->link_states->len; i++)
    {
      const DivertLinkState *link = index_state (state, i);

      if (link->lower != parent->ifindex || !link->has_mac)
        continue;
      add_mac (own, &link->mac);
      add_list (children, link->ifindex, own);
    }
  g_array_sort (own, compare_macs);
  return own;
}

static gboolean
has_others (const DivertChildren *children,
            guint                 ifindex,
            const GArray         *own)
{
  g_autoptr(GArray) all = g_array_new (FALSE, FALSE, sizeof (DivertMac));

  add_list (children, ifindex, all);
  for (guint i = 0; i < all->len; i++)
    if (!divert_macs_contain (own, &g_array_index (all, DivertMac, i)))
      return TRUE;
  return FALSE;
}

static DivertLink *
find_link (const DivertKernelState *state,
           guint                    ifindex)
{
  guint i = 0;

  while (((DivertLink *) g_ptr_array_index (state->links, i))->ifindex != ifindex)
    i++;
  return g_ptr_array_index (state->links, i);
}

static void
fill_in (const DivertChildren    *children,
         const DivertKernelState *state,
         const DivertLinkState   *parent)
{
  g_autoptr(GArray) own = collect_own (children, state, parent);
  DivertLink *link = find_link (state, parent->ifindex);

  if (!has_others (children, parent->ifindex, own))
    return;
  g_array_unref (link->own_macs);
  link->own_macs = g_steal_pointer (&own);
}

void
divert_children_read (DivertChildren    *children,
                      DivertKernelState *state)
{
  g_autoptr(GArray) found = NULL;

  g_array_set_size (children->asked, 0);
  for (guint i = 0; i < state->link_states->len; i++)
    if (counts (state, index_state (state, i)))
      g_array_append_val (children->asked, index_state (state, i)->ifindex);

  /* What was there stays, if nobody can say that it has gone. */
  found = list_all (children);
  if (found != NULL)
    {
      g_array_unref (children->found);
      children->found = g_steal_pointer (&found);
    }
  for (guint i = 0; i < state->link_states->len && children->found->len > 0; i++)
    if (counts (state, index_state (state, i)) && index_state (state, i)->master == 0)
      fill_in (children, state, index_state (state, i));
}

static gboolean
on_look (gpointer user_data)
{
  DivertChildren *children = user_data;
  g_autoptr(GArray) now = list_all (children);

  children->timer_id = 0;
  children->delay_ms *= GROWTH;
  if (children->delay_ms <= LAST_LOOK_MS)
    children->timer_id = g_timeout_add_full (G_PRIORITY_HIGH, children->delay_ms, on_look, children, NULL);
  if (now != NULL && !is_same (now, children->found))
    children->changed (children->user_data);
  return G_SOURCE_REMOVE;
}

void
divert_children_expect (DivertChildren *children)
{
  g_clear_handle_id (&children->timer_id, g_source_remove);
  children->delay_ms = FIRST_LOOK_MS;
  children->timer_id = g_timeout_add_full (G_PRIORITY_HIGH, children->delay_ms, on_look, children, NULL);
}
