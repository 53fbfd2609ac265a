/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tripwire with a real fence and real links. The main loop never turns while a gate has to close. Each case runs
 * for both families.
 */
#include "tripwire-fixture.h"

#include <net/if.h>
#include <unistd.h>

/* Each of these takes the link away. */
static void
test_lost (Wired         *w,
           gconstpointer  user_data)
{
  static const char *const ways[] = {
    "ip link set far0 down", "ip link set up0 down", "ip link set far0 down; ip link set far0 up",
    "ip link set up0 netns $far", "ip link del up0",
  };

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      int far = test_namespace_start_far ();

      g_test_message ("%s", ways[i]);
      wired_grant (w);
      g_assert_true (wired_is_open (w));
      test_run ("far=%d; %s", far, ways[i]);
      wired_wait_until_shut (w);
      wired_assert_one_rule (w);
      g_assert_cmpuint (w->n_calls, ==, 0);
      g_assert_cmpuint (divert_fences_take_drift (w->f.fences), ==, 0);
      test_child_stop (far);
      test_run ("ip link del far0 2>/dev/null || true; ip link add up0 type veth peer name far0;"
                "ip link set up0 up; ip link set far0 up");
      test_wait_for_operstate ("up0", "UP");
      g_ptr_array_set_size (w->decision->exits, 0);
      wired_add_exit (w, "up0");
    }
}

/* The sockets are older than the loss. */
static void
test_packets (Wired         *w,
              gconstpointer  user_data)
{
  int sock;

  wired_grant (w);
  sock = connect_nas (&w->f, 0);
  g_assert_cmpuint (send_three (&w->f, sock), ==, 3);
  /* It closes by itself, and the link is there again. */
  test_run ("ip link set far0 down");
  wired_wait_until_shut (w);
  test_run ("ip link set far0 up");
  test_wait_for_operstate ("up0", "UP");
  g_assert_cmpuint (send_three (&w->f, sock), ==, 0);
  g_assert_cmpuint (try_new (&w->f, 0), ==, 0);
  close (sock);
}

/* What the run does that follows. */
static void
test_next_run (Wired         *w,
               gconstpointer  user_data)
{
  g_autoptr(DivertFacts) old = wired_gather (), now = NULL;
  gboolean wrote;

  g_assert_true (wired_run (w, old, w->f.open));
  test_run ("ip link set far0 down");
  wired_wait_until_shut (w);
  g_assert_cmpuint (g_atomic_int_get (&w->n_lost), <=, 1);
  /* It was its deed, and nobody else's. Only the first run after it counts it. */
  g_assert_true (write_fence (&w->f, divert_fences_close, w->f.closed));
  g_assert_false (write_fence (&w->f, divert_fences_close, w->f.closed));
  g_assert_cmpuint (divert_fences_take_drift (w->f.fences), ==, 0);
  /* Facts from before the loss open nothing. */
  wired_run (w, old, w->f.open);
  g_assert_false (wired_is_open (w));
  wired_wait_until_told (w);
  /* Those from after it do. */
  test_run ("ip link set far0 up");
  test_wait_for_operstate ("up0", "UP");
  now = wired_gather ();
  g_assert_true (wired_run (w, now, w->f.open));
  g_assert_true (wired_is_open (w));
  g_assert_false (wired_run (w, now, w->f.open));
  g_assert_cmpuint (divert_fences_take_drift (w->f.fences), ==, 0);
  /* Once the loss was dealt with, nobody is woken because of it. */
  w->n_calls = 0;
  test_run ("ip link set far0 down");
  wired_wait_until_shut (w);
  wrote = write_fence (&w->f, divert_fences_close, w->f.closed);
  g_assert_true (wrote);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (w->n_calls, ==, 0);
}

static gboolean
was_lost (gpointer user_data)
{
  Wired *w = user_data;

  return g_atomic_int_get (&w->n_lost) > 0;
}

/* What waits at the link is dropped. */
static void
test_tells (Wired         *w,
            gconstpointer  user_data)
{
  wired_grant (w);
  test_run ("ip link set far0 down");
  wired_wait_until_shut (w);
  g_assert_true (test_wait (WIRED_PATIENCE_MS, was_lost, w));
  g_assert_cmpuint (g_atomic_int_get (&w->lost_ifindex), ==, if_nametoindex ("up0"));
  wired_wait_until_told (w);
}

/* The link went and came back before the links were armed, so that nobody hears of it any more. */
static void
test_before_arming (Wired         *w,
                    gconstpointer  user_data)
{
  g_autoptr(DivertFacts) facts = wired_gather ();

  test_run ("ip link set far0 down; ip link set far0 up");
  test_wait_for_operstate ("up0", "UP");
  write_fence (&w->f, divert_fences_close, w->f.open);
  divert_fences_arm (w->f.fences, w->f.open, w->decision, facts);
  g_assert_false (write_fence (&w->f, divert_fences_open, w->f.open));
  assert_stands (w->f.closed);
  wired_wait_until_told (w);
}

/* … or after that, but before the gates are added. */
static void
test_before_opening (Wired         *w,
                     gconstpointer  user_data)
{
  g_autoptr(DivertFacts) facts = wired_gather ();

  write_fence (&w->f, divert_fences_close, w->f.open);
  divert_fences_arm (w->f.fences, w->f.open, w->decision, facts);
  test_run ("ip link set far0 down");
  wired_wait_until_told (w);
  g_assert_false (write_fence (&w->f, divert_fences_open, w->f.open));
  assert_stands (w->f.closed);
  /* Nor does a run with the same facts. */
  wired_run (w, facts, w->f.open);
  assert_stands (w->f.closed);
}

/* Gates that an earlier helper left, and that the run has found complete. The socket is younger than the loss, so
 * nothing but the fence keeps it from sending. */
static void
test_found_complete (Wired         *w,
                     gconstpointer  user_data)
{
  g_autoptr(DivertFacts) facts = wired_gather ();
  int sock;

  wired_grant (w);
  divert_fences_free (w->f.fences);
  w->f.fences = divert_fences_new (NULL);
  wired_wire (w, &divert_tripwire_limits);
  g_assert_true (wired_is_open (w));
  test_run ("ip link set far0 down; ip link set far0 up");
  test_wait_for_operstate ("up0", "UP");
  sock = connect_nas (&w->f, 0);
  g_assert_cmpuint (send_three (&w->f, sock), ==, 3);
  g_assert_false (write_fence (&w->f, divert_fences_close, w->f.open));
  divert_fences_arm (w->f.fences, w->f.open, w->decision, facts);
  g_assert_cmpuint (send_three (&w->f, sock), ==, 0);
  close (sock);
  assert_stands (w->f.closed);
  write_fence (&w->f, divert_fences_open, w->f.open);
  assert_stands (w->f.closed);
}

static gboolean is_kernel_mute; /* atomic */

DivertTripLinkAnswer __real_divert_trip_link_ask (const DivertLinkState *link, DivertNetlinkMessage *question,
                                                  DivertNetlink *netlink);
DivertTripLinkAnswer __wrap_divert_trip_link_ask (const DivertLinkState *link, DivertNetlinkMessage *question,
                                                  DivertNetlink *netlink);

DivertTripLinkAnswer
__wrap_divert_trip_link_ask (const DivertLinkState *link,
                             DivertNetlinkMessage  *question,
                             DivertNetlink         *netlink)
{
  return g_atomic_int_get (&is_kernel_mute) ? DIVERT_TRIP_LINK_UNKNOWN
                                            : __real_divert_trip_link_ask (link, question, netlink);
}

/* Without an answer nothing opens.  Once there is one, there is one more run, which opens; nobody runs in circles. */
static void
test_no_answer (Wired         *w,
                gconstpointer  user_data)
{
  g_autoptr(DivertFacts) facts = wired_gather ();

  g_atomic_int_set (&is_kernel_mute, TRUE);
  wired_run (w, facts, w->f.open);
  g_assert_false (wired_is_open (w));
  wired_run (w, facts, w->f.open);
  g_assert_false (wired_is_open (w));
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (w->n_calls, ==, 0);
  g_atomic_int_set (&is_kernel_mute, FALSE);
  wired_wait_until_told (w);
  g_assert_true (wired_run (w, facts, w->f.open));
  g_assert_true (wired_is_open (w));
  g_assert_cmpuint (w->n_calls, ==, 1);
  /* A loss meanwhile is one. */
  g_atomic_int_set (&is_kernel_mute, TRUE);
  test_run ("ip link set far0 down");
  wired_wait_until_shut (w);
  g_atomic_int_set (&is_kernel_mute, FALSE);
}

/* A second link proves the site as well. Each of them counts. */
static void
test_two_links (Wired         *w,
                gconstpointer  user_data)
{
  g_autoptr(DivertFacts) facts = wired_gather ();

  wired_grant (w);
  wired_add_exit (w, "up1");
  g_assert_false (wired_run (w, facts, w->f.open));
  g_assert_true (wired_is_open (w));
  test_run ("ip link set far1 down");
  wired_wait_until_shut (w);
}

int
main (int   argc,
      char *argv[])
{
  static const WiredTest tests[] = {
    { "lost", test_lost },
    { "no-answer", test_no_answer },
    { "packets", test_packets },
    { "next-run", test_next_run },
    { "tells", test_tells },
    { "before-arming", test_before_arming },
    { "before-opening", test_before_opening },
    { "found-complete", test_found_complete },
    { "two-links", test_two_links },
  };

  return wired_main (argc, argv, "tripwire", tests, G_N_ELEMENTS (tests));
}
