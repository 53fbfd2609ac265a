/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One gateway's state machine, where nobody is woken up for the answer that is known. */
#include "gateway-fixture.h"

/* Resolved, and asked quietly at 1010. */
static void
ask_quietly (Fixture *f)
{
  resolve (f);
  g_assert_false (tick (f, 1010));
  expect_asked ("probe 0a;");
  kernel.entry = make_entry (NUD_PROBE, A);
}

/* Is the answer by @mac (0: none) one that need not be heard? */
static void
expect_quiet (Fixture *f,
              guint    mac)
{
  DivertNeighbour found = { 0 };

  g_assert_cmpint (divert_resolution_get_quiet_answer (f->resolution, &found), ==, mac != 0);
  if (mac == 0)
    return;
  g_assert_cmpuint (found.ifindex, ==, f->resolution->ifindex);
  g_assert_true (divert_prefix_equal (&found.address, &f->resolution->address));
  g_assert_cmpuint (found.state, ==, NUD_REACHABLE);
  g_assert_true (found.has_mac);
  g_assert_cmphex (found.mac.bytes[5], ==, mac);
}

/* The look at the entry and the next question are one tick. */
static void
test_answered (Fixture       *f,
               gconstpointer  user_data)
{
  ask_quietly (f);
  expect_quiet (f, A);
  expect (f, DIVERT_GATEWAY_RESOLVED, "0a;", 2010);
  for (gint64 now = 2010; now < 60000; now += 1000)
    {
      kernel.entry = make_entry (NUD_REACHABLE, A);
      g_assert_false (tick (f, now));
      expect_asked ("probe 0a;");
      expect_quiet (f, A);
      expect (f, DIVERT_GATEWAY_RESOLVED, "0a;", now + 1000);
      /* It came behind the question; when, we do not know. */
      g_assert_cmpint (f->resolution->last_answer, ==, (now - 1000) * MS);
    }
  g_assert_cmpint (f->resolution->first_answer, ==, 10 * MS);
  g_assert_false (divert_resolution_take_doubt (f->resolution));
}

/* The last answer came just behind the question at 1010. */
static void
test_silence (Fixture       *f,
              gconstpointer  user_data)
{
  ask_quietly (f);
  kernel.entry = make_entry (NUD_REACHABLE, A);
  tick (f, 2010);
  expect_asked ("probe 0a;");
  kernel.entry = make_entry (NUD_PROBE, A);
  g_assert_false (tick (f, 3010));
  expect_asked ("solicit;");
  expect_quiet (f, 0);
  expect (f, DIVERT_GATEWAY_RESOLVED, "0a;", 3460);
  g_assert_true (tick (f, 3460));
  g_assert_cmpint (3460 - 1010, <, 2500);
  expect (f, DIVERT_GATEWAY_FAILED, "0a;", 4460);
  g_assert_true (divert_resolution_take_doubt (f->resolution));
}

/* What is no plain answer is none, and everybody is asked. */
static void
test_no_answer (Fixture       *f,
                gconstpointer  user_data)
{
  const DivertNeighbour entries[] = {
    make_entry (NUD_PROBE, A), make_entry (NUD_STALE, A),     make_entry (NUD_DELAY, A),
    make_entry (0, 0),         make_entry (NUD_PERMANENT, A), make_entry (NUD_REACHABLE, B),
    make_entry (NUD_FAILED, 0),
  };

  for (guint i = 0; i < G_N_ELEMENTS (entries); i++)
    {
      divert_resolution_forget (f->resolution);
      kernel.entry = make_entry (0, 0);
      ask_quietly (f);
      kernel.entry = entries[i];
      g_assert_false (tick (f, 2010));
      expect_asked ("solicit;");
      g_assert_cmpint (f->resolution->last_answer, ==, 10 * MS);
      expect_quiet (f, 0);
      expect (f, DIVERT_GATEWAY_RESOLVED, "0a;", 2460);
    }
}

/* The kernel took no filter. */
static void
test_heard_all_the_same (Fixture       *f,
                         gconstpointer  user_data)
{
  ask_quietly (f);
  g_assert_false (see (f, 1020, NUD_REACHABLE, A));
  expect_quiet (f, 0);
  g_assert_cmpint (f->resolution->last_answer, ==, 1020 * MS);
  expect (f, DIVERT_GATEWAY_RESOLVED, "0a;", 2020);
}

static void
test_other_address (Fixture       *f,
                    gconstpointer  user_data)
{
  /* One that answers. */
  ask_quietly (f);
  g_assert_true (see (f, 1050, NUD_REACHABLE, B));
  expect_quiet (f, 0);
  expect (f, DIVERT_GATEWAY_RESOLVED, "0b;0a;", 2050);
  g_assert_true (divert_resolution_take_doubt (f->resolution));
  /* With two of them, each answer is heard. */
  kernel.entry = make_entry (NUD_REACHABLE, B);
  g_assert_false (tick (f, 2050));
  expect_asked ("probe 0b;");
  expect_quiet (f, 0);
  expect (f, DIVERT_GATEWAY_RESOLVED, "0b;0a;", 2550);

  /* One that only shows: its answer is missed as soon as if we had listened. */
  divert_resolution_forget (f->resolution);
  kernel.entry = make_entry (0, 0);
  ask_quietly (f);
  g_assert_true (see (f, 1050, NUD_STALE, B));
  expect_quiet (f, 0);
  expect (f, DIVERT_GATEWAY_RESOLVED, "0b;0a;", 1510);
}

static void
test_gone (Fixture       *f,
           gconstpointer  user_data)
{
  ask_quietly (f);
  g_assert_false (see (f, 1050, 0, 0));
  expect_asked ("solicit;");
  expect_quiet (f, 0);
  expect (f, DIVERT_GATEWAY_RESOLVED, "0a;", 2460);
  g_assert_true (see (f, 1060, NUD_FAILED, 0));
  expect (f, DIVERT_GATEWAY_FAILED, "0a;", 2060);
}

/* Who waits for an answer does not get one from before he came. */
static void
test_awaited (Fixture       *f,
              gconstpointer  user_data)
{
  /* Answered, and asked again aloud. */
  ask_quietly (f);
  kernel.entry = make_entry (NUD_REACHABLE, A);
  g_assert_false (hasten (f, 1500));
  expect_asked ("probe 0a;");
  expect_quiet (f, 0);
  g_assert_cmpint (f->resolution->last_answer, ==, 1010 * MS);
  expect (f, DIVERT_GATEWAY_RESOLVED, "0a;", 2000);

  /* Not yet answered: the same question, heard from now on. */
  divert_resolution_forget (f->resolution);
  kernel.entry = make_entry (0, 0);
  ask_quietly (f);
  g_assert_false (hasten (f, 1050));
  expect_asked ("");
  expect_quiet (f, 0);
  g_assert_cmpint (f->resolution->last_answer, ==, 10 * MS);
  expect (f, DIVERT_GATEWAY_RESOLVED, "0a;", 1510);
  g_assert_false (see (f, 1060, NUD_REACHABLE, A));
  g_assert_cmpint (f->resolution->last_answer, ==, 1060 * MS);
  /* As long as somebody waits. */
  kernel.entry = make_entry (NUD_REACHABLE, A);
  g_assert_false (tick (f, 2060));
  expect_quiet (f, 0);
  see (f, 2070, NUD_REACHABLE, A);
  f->resolution->awaited = FALSE;
  g_assert_false (tick (f, 3070));
  expect_quiet (f, A);
}

static gboolean
join (Fixture *f,
      gint64   ms)
{
  return divert_resolution_join (f->resolution, NULL, ms * MS);
}

static void
test_join (Fixture       *f,
           gconstpointer  user_data)
{
  ask_quietly (f);
  kernel.entry = make_entry (NUD_REACHABLE, A);
  g_assert_false (join (f, 1500));
  expect_asked ("");
  g_assert_false (join (f, 1520));
  expect_asked ("probe 0a;");
  expect (f, DIVERT_GATEWAY_RESOLVED, "0a;", 2520);
  g_assert_cmpint (f->resolution->last_answer, ==, 1010 * MS);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, test) g_test_add ("/gateway-quiet/" name, Fixture, NULL, set_up, test, tear_down)
  ADD ("answered", test_answered);
  ADD ("silence", test_silence);
  ADD ("no-answer", test_no_answer);
  ADD ("heard-all-the-same", test_heard_all_the_same);
  ADD ("other-address", test_other_address);
  ADD ("gone", test_gone);
  ADD ("awaited", test_awaited);
  ADD ("join", test_join);
#undef ADD
  return g_test_run ();
}
