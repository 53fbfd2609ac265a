/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bond that uses another port may be in another network, and no carrier shows it.  The test is in the kernel's place
 * and says what the bonding driver says.
 */
#include "system/routing/tripwire-link.h"
#include "system/sources/kernel/link-epochs.h"

#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>

#define BOND 7
#define ETH 3
#define WLAN 4

/* BOND_STATE_…, and BOND_LINK_… of its media monitor. */
enum { ACTIVE, BACKUP };
enum { UP, FAIL, DOWN, BACK };

static DivertNetlinkMessage *
begin (guint       ifindex,
       const char *name)
{
  const struct ifinfomsg info = { .ifi_index = (int) ifindex, .ifi_flags = IFF_UP | IFF_LOWER_UP };
  DivertNetlinkMessage *msg = divert_netlink_message_new (RTM_NEWLINK, 0, &info, sizeof info);

  nla_put_string (msg, IFLA_IFNAME, name);
  nla_put_u8 (msg, IFLA_OPERSTATE, IF_OPER_UP);
  nla_put_u32 (msg, IFLA_CARRIER_CHANGES, 2);
  return msg;
}

/* @active: the port's ifindex; 0: its mode has none.  Another kind of link has attributes with the same numbers. */
static DivertNetlinkMessage *
make_master (const char *kind,
             guint       active)
{
  DivertNetlinkMessage *msg = begin (BOND, "bond0");
  struct nlattr *info = nla_nest_start (msg, IFLA_LINKINFO), *data;

  nla_put_string (msg, IFLA_INFO_KIND, kind);
  data = nla_nest_start (msg, IFLA_INFO_DATA);
  nla_put_u8 (msg, IFLA_BOND_MODE, 1);
  if (active != 0)
    nla_put_u32 (msg, IFLA_BOND_ACTIVE_SLAVE, active);
  nla_nest_end (msg, data);
  nla_nest_end (msg, info);
  return msg;
}

static DivertNetlinkMessage *
make_port (const char *kind,
           guint8      state,
           guint8      media)
{
  DivertNetlinkMessage *msg = begin (ETH, "eth0");
  struct nlattr *info = nla_nest_start (msg, IFLA_LINKINFO), *data;

  nla_put_string (msg, IFLA_INFO_SLAVE_KIND, kind);
  data = nla_nest_start (msg, IFLA_INFO_SLAVE_DATA);
  nla_put_u8 (msg, IFLA_BOND_SLAVE_STATE, state);
  nla_put_u8 (msg, IFLA_BOND_SLAVE_MII_STATUS, media);
  nla_nest_end (msg, data);
  nla_nest_end (msg, info);
  nla_put_u32 (msg, IFLA_MASTER, BOND);
  return msg;
}

static DivertLinkState
parse (DivertNetlinkMessage *msg)
{
  DivertLinkState link;

  g_assert_true (divert_kernel_parse_link (nlmsg_hdr (msg), &link));
  return link;
}

/* What everybody makes of the change: the link's epoch, the armed links, and the tripwire. */
static void
assert_change (DivertNetlinkMessage *before,
               DivertNetlinkMessage *now,
               gboolean              expected)
{
  DivertLinkEpochs *epochs = divert_link_epochs_new ();
  const DivertLinkState old = parse (before), new = parse (now);
  g_autoptr(GArray) left = g_array_new (FALSE, FALSE, sizeof old), right = g_array_new (FALSE, FALSE, sizeof new);

  divert_link_epochs_see (epochs, &old);
  g_assert_cmpint (divert_link_epochs_see (epochs, &new), ==, expected);
  g_array_append_val (left, old);
  g_array_append_val (right, new);
  g_assert_cmpint (!divert_trip_links_equal (left, right), ==, expected);
  g_assert_cmpint (divert_trip_link_is_lost (&old, nlmsg_hdr (now)), ==, expected);
  g_assert_false (divert_trip_link_is_lost (&old, nlmsg_hdr (before)));
  divert_link_epochs_free (epochs);
}

static void
assert_masters (const char *kind,
                guint       before,
                guint       now,
                gboolean    expected)
{
  g_autoptr(DivertNetlinkMessage) old = make_master (kind, before), new = make_master (kind, now);

  assert_change (old, new, expected);
}

static void
test_active_port (void)
{
  assert_masters ("bond", WLAN, ETH, TRUE);
  assert_masters ("bond", WLAN, 0, TRUE);
  assert_masters ("bond", 0, WLAN, TRUE);
  assert_masters ("bond", WLAN, WLAN, FALSE);
  assert_masters ("bond", 0, 0, FALSE);
  /* What has that number says something else there. */
  assert_masters ("vlan", WLAN, ETH, FALSE);
  assert_masters ("bonding", WLAN, ETH, FALSE);
}

static void
assert_ports (const char *kind,
              guint8      state,
              guint8      media,
              guint8      new_state,
              guint8      new_media,
              gboolean    expected)
{
  g_autoptr(DivertNetlinkMessage) old = make_port (kind, state, media), new = make_port (kind, new_state, new_media);

  assert_change (old, new, expected);
}

/* A mode without an active port uses those that its monitor finds up, or for which LACP has decided. */
static void
test_port (void)
{
  assert_ports ("bond", BACKUP, UP, ACTIVE, UP, TRUE);
  assert_ports ("bond", ACTIVE, UP, BACKUP, UP, TRUE);
  assert_ports ("bond", ACTIVE, BACK, ACTIVE, UP, TRUE);
  assert_ports ("bond", ACTIVE, UP, ACTIVE, FAIL, TRUE);
  assert_ports ("bond", ACTIVE, UP, ACTIVE, UP, FALSE);
  assert_ports ("bridge", ACTIVE, UP, BACKUP, DOWN, FALSE);
}

/* A kernel may say less than we look for. */
static void
test_bare (void)
{
  g_autoptr(DivertNetlinkMessage) plain = begin (BOND, "bond0"), kind_only = begin (BOND, "bond0");
  struct nlattr *info = nla_nest_start (kind_only, IFLA_LINKINFO);

  nla_put (kind_only, IFLA_INFO_KIND, 4, "bond");
  nla_nest_end (kind_only, info);
  g_assert_cmpuint (parse (plain).bonding, ==, 0);
  g_assert_cmpuint (parse (kind_only).bonding, ==, 0);
  g_assert_cmpstr (parse (kind_only).kind, ==, "bond");
}

static void
add_link (DivertFacts *facts,
          guint        ifindex,
          const char  *name,
          const char  *kind,
          guint        master,
          guint32      bonding)
{
  DivertLink *link = divert_link_new ();

  link->ifindex = ifindex;
  link->name = g_strdup (name);
  link->kind = g_strdup (kind);
  link->master = master;
  link->carrier = TRUE;
  link->bonding = bonding;
  g_ptr_array_add (facts->links, link);
}

/* The tripwire watches the bond and its ports as they were when the decision was made. */
static void
test_armed (void)
{
  g_autoptr(DivertFacts) facts = divert_facts_new ();
  g_autoptr(GPtrArray) exits = g_ptr_array_new ();
  g_autoptr(GArray) links = NULL;
  DivertExit way_out = { .device = (char *) "bond0" };
  const DivertDecision decision = { .place = DIVERT_PLACE_SITE, .exits = exits };

  add_link (facts, ETH, "eth0", NULL, BOND, 1001);
  add_link (facts, WLAN, "wlan0", NULL, BOND, 1002);
  add_link (facts, BOND, "bond0", "bond", 0, WLAN);
  g_ptr_array_add (exits, &way_out);
  links = divert_trip_links_new (&decision, facts);
  g_assert_cmpuint (links->len, ==, 3);
  g_assert_cmpuint (divert_trip_links_find (links, BOND)->bonding, ==, WLAN);
  g_assert_cmpuint (divert_trip_links_find (links, ETH)->bonding, ==, 1001);
  g_assert_cmpuint (divert_trip_links_find (links, WLAN)->bonding, ==, 1002);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bonding/active-port", test_active_port);
  g_test_add_func ("/bonding/port", test_port);
  g_test_add_func ("/bonding/bare", test_bare);
  g_test_add_func ("/bonding/armed", test_armed);
  return g_test_run ();
}
