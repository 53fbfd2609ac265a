/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long a grant in doubt is held, and what is remembered. tests/golden/cases/held-* show which doubts are held. */
#include "core/memory/hold.h"
#include "values.h"

#define BEGIN 1000
#define SECOND G_USEC_PER_SEC
#define HOLD (5 * SECOND)

static const char config_text[] = "[proxy]\ngroup=1\n"
                                  "[site home]\nintranet=192.168.22.0/24\nzone=home\ngateway-mac=02:00:00:00:22:01\n";

typedef struct
{
  DivertConfig   *config;
  DivertHold     *hold;
  DivertFacts    *facts;    /* of the last look() */
  DivertDecision *decision;
} Fixture;

static void
set_up (Fixture       *f,
        gconstpointer  user_data)
{
  f->config = test_config_new (config_text);
  f->hold = divert_hold_new ();
}

static void
tear_down (Fixture       *f,
           gconstpointer  user_data)
{
  divert_facts_free (f->facts);
  divert_decision_free (f->decision);
  divert_hold_free (f->hold);
  divert_config_free (f->config);
}

/* One run at @now.  Home's gateway is in the state @gateway, in activation @activation.  Returns until when the grant
 * is held. */
static gint64
look (Fixture    *f,
      const char *gateway,
      const char *activation,
      gint64      now)
{
  g_autoptr(DivertMode) mode = divert_mode_new (DIVERT_MODE_AUTO, NULL);
  g_autofree char *text = g_strconcat ("[machine]\nnm-running=true\nsleeping=false\n"
                                       "[connection 1]\nuuid=1\nzone=home\ntype=802-3-ethernet\ndevice=eth0\nup=true\n"
                                       "external=false\nreturned=false\n"
                                       "[link 1]\nifindex=2\nname=eth0\ncarrier=true\naddresses=192.168.22.33/24\n"
                                       "gateways=192.168.22.1 ", gateway, "\n", NULL);
  gint64 until;

  divert_facts_free (f->facts);
  divert_decision_free (f->decision);
  f->facts = test_facts_new (text);
  ((DivertConnection *) f->facts->connections->pdata[0])->activation = g_strdup (activation);
  f->decision = divert_decide (f->config, mode, f->facts);
  until = divert_hold_apply (f->hold, f->facts, f->decision, now);
  divert_hold_learn (f->hold, f->facts, f->decision, now);
  return until;
}

#define HOME "resolved 02:00:00:00:22:01"
#define STRANGER "resolved 02:66:00:00:00:01"

static void
test_returns (Fixture       *f,
              gconstpointer  user_data)
{
  g_assert_cmpint (look (f, HOME, "/1", BEGIN), ==, 0);
  g_assert_cmpint (f->decision->place, ==, DIVERT_PLACE_SITE);
  g_assert_cmpint (look (f, "pending", "/1", BEGIN + 1), ==, BEGIN + 1 + HOLD);
  g_assert_cmpint (f->decision->place, ==, DIVERT_PLACE_HELD);
  g_assert_cmpstr (divert_decision_get_place (f->decision), ==, "away");
  g_assert_cmpstr (divert_decision_get_device (f->decision), ==, "");
  g_assert_cmpuint (f->decision->exits->len, ==, 1);
  g_assert_cmpint (look (f, HOME, "/1", BEGIN + SECOND), ==, 0);
  g_assert_cmpint (f->decision->place, ==, DIVERT_PLACE_SITE);
  /* A new doubt gets its full time. */
  g_assert_cmpint (look (f, "pending", "/1", BEGIN + 20 * SECOND), ==, BEGIN + 20 * SECOND + HOLD);
}

/* The time counts from the first doubt on, however often we look. */
static void
test_lasts (Fixture       *f,
            gconstpointer  user_data)
{
  look (f, HOME, "/1", BEGIN);
  look (f, "pending", "/1", BEGIN + 1);
  g_assert_cmpint (look (f, "pending", "/1", BEGIN + 4 * SECOND), ==, BEGIN + 1 + HOLD);
  g_assert_cmpint (look (f, "pending", "/1", BEGIN + HOLD), ==, BEGIN + 1 + HOLD);
  g_assert_cmpint (f->decision->place, ==, DIVERT_PLACE_HELD);
  g_assert_cmpint (look (f, "pending", "/1", BEGIN + 1 + HOLD), ==, 0);
  g_assert_cmpint (f->decision->place, ==, DIVERT_PLACE_AWAY);
  /* Once the time is over, it stays over. */
  g_assert_cmpint (look (f, "pending", "/1", BEGIN + 2 + HOLD), ==, 0);
  g_assert_cmpint (f->decision->place, ==, DIVERT_PLACE_AWAY);
}

static void
test_contradicted (Fixture       *f,
                   gconstpointer  user_data)
{
  look (f, HOME, "/1", BEGIN);
  look (f, "pending", "/1", BEGIN + 1);
  g_assert_cmpint (look (f, STRANGER, "/1", BEGIN + 2), ==, 0);
  g_assert_cmpint (f->decision->place, ==, DIVERT_PLACE_AWAY);
  g_assert_cmpint (look (f, "pending", "/1", BEGIN + 3), ==, 0);
  g_assert_cmpint (f->decision->place, ==, DIVERT_PLACE_AWAY);
}

static void
test_other_activation (Fixture       *f,
                       gconstpointer  user_data)
{
  look (f, HOME, "/1", BEGIN);
  g_assert_cmpint (look (f, "pending", "/2", BEGIN + 1), ==, 0);
  g_assert_cmpint (f->decision->place, ==, DIVERT_PLACE_AWAY);
  look (f, HOME, "/2", BEGIN + 2);
  g_assert_cmpint (look (f, "pending", NULL, BEGIN + 3), ==, 0);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/hold/returns", Fixture, NULL, set_up, test_returns, tear_down);
  g_test_add ("/hold/lasts", Fixture, NULL, set_up, test_lasts, tear_down);
  g_test_add ("/hold/contradicted", Fixture, NULL, set_up, test_contradicted, tear_down);
  g_test_add ("/hold/other-activation", Fixture, NULL, set_up, test_other_activation, tear_down);
  return g_test_run ();
}
