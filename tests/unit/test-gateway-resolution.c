/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One gateway's state machine: what we ask and conclude, and after how long. */
#include "gateway-fixture.h"

static void
test_nobody_asks (Fixture       *f,
                  gconstpointer  user_data)
{
  g_assert_false (see (f, 0, NUD_REACHABLE, A));
  g_assert_false (see (f, 0, NUD_FAILED, 0));
  g_assert_false (hasten (f, 0));
  g_assert_false (tick (f, 3600000));
  expect_asked ("");
  expect (f, DIVERT_GATEWAY_UNKNOWN, "", -1);
}

static void
test_answer (Fixture       *f,
             gconstpointer  user_data)
{
  g_assert_false (ask (f, 0));
  expect_asked ("solicit;");
  expect (f, DIVERT_GATEWAY_PENDING, "", 3000);
  /* First the question is under way.  Then the kernel reports what it knew before. */
  g_assert_false (see (f, 5, NUD_INCOMPLETE, 0));
  g_assert_true (see (f, 10, NUD_REACHABLE, A));
  expect (f, DIVERT_GATEWAY_RESOLVED, "0a;", 1010);
  g_assert_cmpint (f->resolution->first_answer, ==, 10 * MS);
  /* Asking while a question is under way does nothing. */
  g_assert_false (ask (f, 20));
  expect_asked ("");
  /* A conclusion of the kernel's from other traffic is no answer to us. */
  g_assert_false (see (f, 30, NUD_REACHABLE, A));
  g_assert_cmpint (f->resolution->last_answer, ==, 10 * MS);

  divert_resolution_forget (f->resolution);
  expect (f, DIVERT_GATEWAY_UNKNOWN, "", -1);
}

/* First the address that the kernel has is asked, for half a second.  Then everybody is. */
static void
test_gently (Fixture       *f,
             gconstpointer  user_data)
{
  kernel.entry = make_entry (NUD_STALE, A);
  ask (f, 0);
  expect_asked ("probe 0a;");
  expect (f, DIVERT_GATEWAY_PENDING, "", 500);
  g_assert_true (see (f, 400, NUD_REACHABLE, A));
  expect (f, DIVERT_GATEWAY_RESOLVED, "0a;", 1400);
  expect_asked ("");
}

/* An entry that says "reachable" may come from another place or time, and isn't believed. */
static void
test_stale_entry (Fixture       *f,
                  gconstpointer  user_data)
{
  kernel.entry = make_entry (NUD_REACHABLE, B);
  ask (f, 0);
  expect_asked ("probe 0b;");
  g_assert_false (tick (f, 499));
  expect_asked ("");
  g_assert_false (tick (f, 500));
  expect_asked ("solicit;");
  expect (f, DIVERT_GATEWAY_PENDING, "", 3000);
  g_assert_true (see (f, 510, NUD_REACHABLE, A));
  expect (f, DIVERT_GATEWAY_RESOLVED, "0a;", 1510);
}

/* It is asked less and less often.  When it answers again, everything is as before. */
static void
test_no_answer (Fixture       *f,
                gconstpointer  user_data)
{
  static const gint64 waits[] = { 1000, 2000, 4000, 8000, 16000, 30000, 30000 };
  gint64 now = 3000;

  ask (f, 0);
  g_assert_false (tick (f, 2999));
  g_assert_true (tick (f, now));
  expect_asked ("solicit;");
  for (guint i = 0; i < G_N_ELEMENTS (waits); i++)
    {
      expect (f, DIVERT_GATEWAY_FAILED, "", now + waits[i]);
      now += waits[i];
      g_assert_false (tick (f, now - 1));
      expect_asked ("");
      g_assert_false (tick (f, now));
      expect_asked ("solicit;");
      now += 3000;
      g_assert_false (tick (f, now));
    }
  /* It had proven nothing, so nothing is in doubt. */
  g_assert_false (divert_resolution_take_doubt (f->resolution));

  g_assert_true (see (f, now, NUD_REACHABLE, A));
  g_assert_true (see (f, now, NUD_FAILED, 0));
  expect (f, DIVERT_GATEWAY_FAILED, "0a;", now + 1000);
}

/* The question is repeated every second.  All of it is over before the kernel itself asks everybody. */
static void
test_silence (Fixture       *f,
              gconstpointer  user_data)
{
  resolve (f);
  f->resolution->awaited = TRUE;
  g_assert_false (tick (f, 1009));
  expect_asked ("");
  g_assert_false (tick (f, 1010));
  expect_asked ("probe 0a;");
  g_assert_false (see (f, 1020, NUD_REACHABLE, A));
  g_assert_cmpint (f->resolution->first_answer, ==, 10 * MS);
  g_assert_cmpint (f->resolution->last_answer, ==, 1020 * MS);
  expect (f, DIVERT_GATEWAY_RESOLVED, "0a;", 2020);

  g_assert_false (tick (f, 2020));
  g_assert_false (tick (f, 2520));
  expect_asked ("probe 0a;solicit;");
  expect (f, DIVERT_GATEWAY_RESOLVED, "0a;", 3470);
  g_assert_true (tick (f, 3470));
  expect (f, DIVERT_GATEWAY_FAILED, "0a;", 4470);
  g_assert_cmpint (3470 - 1020, <, 2500);
  g_assert_true (divert_resolution_take_doubt (f->resolution));
  g_assert_false (divert_resolution_take_doubt (f->resolution));
  /* Its return is news, but causes no doubt. */
  g_assert_true (see (f, 4000, NUD_REACHABLE, A));
  g_assert_false (divert_resolution_take_doubt (f->resolution));
}

/* However late we are, everybody has a moment to answer. */
static void
test_silence_and_late (Fixture       *f,
                       gconstpointer  user_data)
{
  resolve (f);
  f->resolution->awaited = TRUE;
  tick (f, 1010);
  g_assert_false (tick (f, 9000));
  expect_asked ("probe 0a;solicit;");
  expect (f, DIVERT_GATEWAY_RESOLVED, "0a;", 9250);
}

static void
test_hasten (Fixture       *f,
             gconstpointer  user_data)
{
  resolve (f);
  /* Not within a tenth of a second of the last question. */
  g_assert_false (hasten (f, 20));
  expect_asked ("");
  expect (f, DIVERT_GATEWAY_RESOLVED, "0a;", 100);
  g_assert_false (tick (f, 100));
  expect_asked ("probe 0a;");
  /* One question under way is enough. */
  g_assert_false (hasten (f, 300));
  expect_asked ("");
  see (f, 310, NUD_REACHABLE, A);
  g_assert_false (hasten (f, 400));
  expect_asked ("probe 0a;");
}

/* A report of another address is noted at once, and the address is asked within a second. */
static void
test_other_address (Fixture       *f,
                    gconstpointer  user_data)
{
  resolve (f);
  g_assert_true (see (f, 300, NUD_STALE, B));
  g_assert_true (divert_resolution_take_doubt (f->resolution));
  expect (f, DIVERT_GATEWAY_RESOLVED, "0b;0a;", 1000);
  kernel.entry = make_entry (NUD_STALE, B);
  g_assert_false (tick (f, 1000));
  expect_asked ("probe 0b;");
  /* It answers with both addresses in turn.  Each time that is news, and both are kept. */
  g_assert_true (see (f, 1010, NUD_REACHABLE, A));
  expect (f, DIVERT_GATEWAY_RESOLVED, "0a;0b;", 2010);
  /* Long after the last question, the address is asked at once. */
  g_assert_true (see (f, 2005, NUD_STALE, B));
  expect_asked ("probe 0b;");
}

/* A question is under way when the other address shows up. */
static void
test_other_address_answers (Fixture       *f,
                            gconstpointer  user_data)
{
  resolve (f);
  tick (f, 1010);
  expect_asked ("probe 0a;");
  g_assert_true (see (f, 1020, NUD_REACHABLE, B));
  expect (f, DIVERT_GATEWAY_RESOLVED, "0b;0a;", 2020);
  g_assert_true (divert_resolution_take_doubt (f->resolution));
}

static void
test_entry_is_dropped (Fixture       *f,
                       gconstpointer  user_data)
{
  resolve (f);
  kernel.entry = make_entry (0, 0);
  g_assert_false (see (f, 300, 0, 0));
  expect_asked ("");
  expect (f, DIVERT_GATEWAY_RESOLVED, "0a;", 1000);
  g_assert_false (tick (f, 1000));
  expect_asked ("solicit;");
  g_assert_false (see (f, 1010, NUD_REACHABLE, A));
  g_assert_false (divert_resolution_take_doubt (f->resolution));

  /* While a question is under way, everybody is asked at once. */
  kernel.entry = make_entry (NUD_STALE, A);
  tick (f, 2010);
  g_assert_false (see (f, 2020, 0, 0));
  expect_asked ("probe 0a;solicit;");
  g_assert_true (tick (f, 3460));
  expect (f, DIVERT_GATEWAY_FAILED, "0a;", 4460);
}

/* The kernel knows sooner than we do. */
static void
test_kernel_says_so (Fixture       *f,
                     gconstpointer  user_data)
{
  kernel.entry = make_entry (NUD_STALE, A);
  ask (f, 0);
  g_assert_false (see (f, 100, NUD_FAILED, 0));
  expect_asked ("probe 0a;solicit;");
  expect (f, DIVERT_GATEWAY_PENDING, "", 3000);
  g_assert_true (see (f, 200, NUD_FAILED, 0));
  expect (f, DIVERT_GATEWAY_FAILED, "", 1200);
  g_assert_false (see (f, 300, NUD_FAILED, 0));
  expect (f, DIVERT_GATEWAY_FAILED, "", 1200);
  expect_asked ("");

  see (f, 400, NUD_REACHABLE, A);
  g_assert_true (see (f, 500, NUD_FAILED, 0));
  expect (f, DIVERT_GATEWAY_FAILED, "0a;", 1500);
  g_assert_true (divert_resolution_take_doubt (f->resolution));
}

/* An entry that an administrator made answers nothing, and stays as it is. */
static void
test_made_entry (Fixture       *f,
                 gconstpointer  user_data)
{
  static const guint made[] = { NUD_PERMANENT, NUD_NOARP };

  for (guint i = 0; i < G_N_ELEMENTS (made); i++)
    {
      divert_resolution_forget (f->resolution);
      kernel.entry = make_entry (made[i], A);
      g_assert_true (ask (f, 0));
      expect (f, DIVERT_GATEWAY_FAILED, "", 1000);
      g_assert_false (tick (f, 1000));
      expect (f, DIVERT_GATEWAY_FAILED, "", 3000);
    }
  expect_asked ("");

  /* So does an entry that becomes such a one. */
  divert_resolution_forget (f->resolution);
  kernel.entry = make_entry (0, 0);
  resolve (f);
  g_assert_true (see (f, 20, NUD_PERMANENT, A));
  expect (f, DIVERT_GATEWAY_FAILED, "0a;", 1020);
}

static void
test_link_without_addresses (Fixture       *f,
                             gconstpointer  user_data)
{
  ask (f, 0);
  g_assert_true (see (f, 10, NUD_REACHABLE, 0));
  expect (f, DIVERT_GATEWAY_FAILED, "", 1010);
}

static void
test_kernel_refuses (Fixture       *f,
                     gconstpointer  user_data)
{
  kernel.refuses = TRUE;
  g_assert_true (ask (f, 0));
  expect (f, DIVERT_GATEWAY_FAILED, "", 1000);

  kernel.refuses = FALSE;
  tick (f, 1000);
  expect_asked ("solicit;");
  see (f, 1010, NUD_REACHABLE, A);
  kernel.refuses = TRUE;
  g_assert_true (see (f, 1500, 0, 0) || tick (f, 2010));
  expect (f, DIVERT_GATEWAY_FAILED, "0a;", 3010);
}

static void
test_addresses_age (Fixture       *f,
                    gconstpointer  user_data)
{
  resolve (f);
  see (f, 500, NUD_REACHABLE, B);
  see (f, 40000, NUD_REACHABLE, B);
  f->resolution->deadline = 0;
  expect (f, DIVERT_GATEWAY_RESOLVED, "0b;0a;", 60010);
  g_assert_false (tick (f, 60009));
  g_assert_true (tick (f, 60010));
  /* The last one is kept, however old it is. */
  expect (f, DIVERT_GATEWAY_RESOLVED, "0b;", -1);
  g_assert_false (tick (f, 3600000));
  expect (f, DIVERT_GATEWAY_RESOLVED, "0b;", -1);

  for (guint mac = 0x20; mac < 0x40; mac++)
    g_assert_true (see (f, 3600000, NUD_REACHABLE, mac));
  f->resolution->deadline = 0;
  expect (f, DIVERT_GATEWAY_RESOLVED, "3f;3e;3d;3c;3b;3a;39;38;", 3660000);
}

/* A router that is off is asked for again, but nobody waits for it a second time. */
static void
test_router_is_off (Fixture       *f,
                    gconstpointer  user_data)
{
  f->resolution->router = TRUE;
  ask (f, 0);
  expect (f, DIVERT_GATEWAY_PENDING, "", 3000);
  g_assert_true (tick (f, 3000));
  for (guint i = 0; i < 2; i++)
    {
      divert_resolution_forget (f->resolution);
      divert_resolution_forget (f->resolution);
      expect (f, DIVERT_GATEWAY_UNKNOWN, "", -1);
      g_assert_true (ask (f, 5000));
      expect (f, DIVERT_GATEWAY_FAILED, "", 8000);
    }
  g_assert_true (see (f, 5010, NUD_REACHABLE, A));
  expect (f, DIVERT_GATEWAY_RESOLVED, "0a;", 6010);
  divert_resolution_forget (f->resolution);
  g_assert_false (ask (f, 7000));
  expect (f, DIVERT_GATEWAY_PENDING, "", 10000);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, test) g_test_add ("/gateway-resolution/" name, Fixture, NULL, set_up, test, tear_down)
  ADD ("nobody-asks", test_nobody_asks);
  ADD ("answer", test_answer);
  ADD ("gently", test_gently);
  ADD ("stale-entry", test_stale_entry);
  ADD ("no-answer", test_no_answer);
  ADD ("silence", test_silence);
  ADD ("silence-and-late", test_silence_and_late);
  ADD ("hasten", test_hasten);
  ADD ("other-address", test_other_address);
  ADD ("other-address-answers", test_other_address_answers);
  ADD ("entry-is-dropped", test_entry_is_dropped);
  ADD ("kernel-says-so", test_kernel_says_so);
  ADD ("made-entry", test_made_entry);
  ADD ("link-without-addresses", test_link_without_addresses);
  ADD ("kernel-refuses", test_kernel_refuses);
  ADD ("router-is-off", test_router_is_off);
  ADD ("addresses-age", test_addresses_age);
#undef ADD
  return g_test_run ();
}
