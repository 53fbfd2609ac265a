/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For how long a link is the same link, also if a notification was missed. */
#include "system/sources/kernel/link-epochs.h"

#define IFINDEX 3

/* gateway.c begins an epoch whenever a look says that the link has changed. */
static guint
look (DivertLinkEpochs *epochs,
      const char       *name,
      gboolean          carrier,
      guint32           carrier_changes)
{
  DivertLinkState link = { .ifindex = IFINDEX, .carrier = carrier, .carrier_changes = carrier_changes };

  g_strlcpy (link.name, name, sizeof link.name);
  if (divert_link_epochs_see (epochs, &link))
    divert_link_epochs_begin (epochs, IFINDEX);
  return divert_link_epochs_get (epochs, IFINDEX);
}

static void
test_same (void)
{
  DivertLinkEpochs *epochs = divert_link_epochs_new ();
  const guint first = look (epochs, "wlan0", TRUE, 1);

  g_assert_cmpuint (first, >, 0);
  g_assert_cmpuint (look (epochs, "wlan0", TRUE, 1), ==, first);
  divert_link_epochs_begin (epochs, IFINDEX + 1);
  g_assert_cmpuint (divert_link_epochs_get (epochs, IFINDEX), ==, first);
  divert_link_epochs_free (epochs);
}

/* Each of these is another network, and so is what comes back. */
static void
test_changes (void)
{
  DivertLinkEpochs *epochs = divert_link_epochs_new ();
  guint last = look (epochs, "wlan0", TRUE, 1);
  const struct
  {
    const char *name;
    gboolean    carrier;
    guint32     changes;
  } changes[] = { { "wlan0", FALSE, 2 }, { "wlan0", TRUE, 3 }, { "wlan0", TRUE, 5 }, { "wlan1", TRUE, 5 } };

  for (guint i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      const guint now = look (epochs, changes[i].name, changes[i].carrier, changes[i].changes);

      g_assert_cmpuint (now, >, last);
      last = now;
    }
  divert_link_epochs_free (epochs);
}

static void
test_all_links (void)
{
  DivertLinkEpochs *epochs = divert_link_epochs_new ();
  const guint first = look (epochs, "wlan0", TRUE, 1);

  divert_link_epochs_begin (epochs, 0);
  g_assert_cmpuint (look (epochs, "wlan0", TRUE, 1), >, first);
  divert_link_epochs_free (epochs);
}

/* The same number, name and counter, but not the same link: it was gone in between, whether we were told or found that
 * it is missing. */
static void
test_recreated (gconstpointer missed)
{
  DivertLinkEpochs *epochs = divert_link_epochs_new ();
  const guint first = look (epochs, "wlan0", TRUE, 1);
  g_autoptr(GArray) none = g_array_new (FALSE, FALSE, sizeof (DivertLinkState));

  if (GPOINTER_TO_INT (missed))
    divert_link_epochs_keep (epochs, none);
  else
    divert_link_epochs_lose (epochs, IFINDEX);
  g_assert_false (divert_link_epochs_knows (epochs, IFINDEX));
  g_assert_cmpuint (look (epochs, "wlan0", TRUE, 1), >, first);
  g_assert_true (divert_link_epochs_knows (epochs, IFINDEX));
  divert_link_epochs_free (epochs);
}

/* One link comes while another one goes, so that there are as many as before. */
static void
test_replaced (void)
{
  DivertLinkEpochs *epochs = divert_link_epochs_new ();
  const guint first = look (epochs, "wlan0", TRUE, 1);
  const DivertLinkState other = { .ifindex = IFINDEX + 1, .name = "eth0", .carrier = TRUE };
  g_autoptr(GArray) states = g_array_new (FALSE, FALSE, sizeof (DivertLinkState));

  g_array_append_val (states, other);
  divert_link_epochs_see (epochs, &other);
  divert_link_epochs_keep (epochs, states);
  g_assert_cmpuint (look (epochs, "wlan0", TRUE, 1), >, first);
  divert_link_epochs_free (epochs);
}

static DivertLinkState
make_link (DivertLinkEpochs *epochs,
           guint             ifindex,
           const char       *kind,
           guint             master,
           guint             lower)
{
  DivertLinkState link = { .ifindex = ifindex, .carrier = TRUE, .master = master, .lower = lower };

  g_strlcpy (link.kind, kind, sizeof link.kind);
  divert_link_epochs_see (epochs, &link);
  return link;
}

static void
assert_above (const DivertLinkEpochs *epochs,
              const DivertLinkState  *link,
              const char             *expected)
{
  g_autoptr(GArray) above = divert_link_epochs_list_above (epochs, link);
  g_autoptr(GString) text = g_string_new (NULL);

  for (guint i = 0; i < above->len; i++)
    g_string_append_printf (text, "%u ", g_array_index (above, guint, i));
  g_assert_cmpstr (text->str, ==, expected);
}

/* eth0 is in a bond, a VLAN is on that, a bridge has it as a port, and a macvlan is on the bridge. */
static void
test_above (void)
{
  DivertLinkEpochs *epochs = divert_link_epochs_new ();
  const DivertLinkState eth = make_link (epochs, 2, "", 3, 0), bond = make_link (epochs, 3, "bond", 0, 0);
  const DivertLinkState vlan = make_link (epochs, 4, "vlan", 5, 3), tap = make_link (epochs, 7, "tap", 5, 0);
  DivertLinkState moved = eth;

  make_link (epochs, 5, "bridge", 0, 0);
  make_link (epochs, 6, "macvlan", 0, 5);
  assert_above (epochs, &eth, "2 3 4 5 6 ");
  assert_above (epochs, &bond, "3 4 5 6 ");
  assert_above (epochs, &vlan, "4 5 6 ");
  assert_above (epochs, &tap, "7 ");
  moved.master = 5;
  g_assert_false (divert_link_epochs_see (epochs, &eth));
  g_assert_true (divert_link_epochs_see (epochs, &moved));
  divert_link_epochs_free (epochs);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/link-epochs/same", test_same);
  g_test_add_func ("/link-epochs/changes", test_changes);
  g_test_add_func ("/link-epochs/all-links", test_all_links);
  g_test_add_data_func ("/link-epochs/recreated", GINT_TO_POINTER (FALSE), test_recreated);
  g_test_add_data_func ("/link-epochs/recreated-unseen", GINT_TO_POINTER (TRUE), test_recreated);
  g_test_add_func ("/link-epochs/replaced", test_replaced);
  g_test_add_func ("/link-epochs/above", test_above);
  return g_test_run ();
}
