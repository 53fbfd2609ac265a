/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns: the fixture of the iptables tests. */
#include "iptables-fixture.h"

#include <netinet/in.h>

#include "system/filter/iptables/iptables-read.h"

#define MANGLE DIVERT_XT_MANGLE

static GArray *(*make_rules) (gboolean home);

static void
set_up (Fixture       *fixture,
        gconstpointer  family)
{
  sandbox_enter ();
  fixture->family = GPOINTER_TO_UINT (family);
  fixture->backend = divert_backend_iptables_new ();
  fixture->nothing = sandbox_rules_new ();
  fixture->away = make_rules (FALSE);
  fixture->home = make_rules (TRUE);
}

static void
tear_down (Fixture       *fixture,
           gconstpointer  family)
{
  divert_backend_free (fixture->backend);
  g_array_unref (fixture->nothing);
  g_array_unref (fixture->away);
  g_array_unref (fixture->home);
}

void
fixture_add_cases (const char         *group,
                   GArray           *(*make) (gboolean home),
                   const FixtureCase  *cases,
                   guint               n_cases)
{
  make_rules = make;
  for (guint i = 0; i < n_cases; i++)
    for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
      {
        const char *name = divert_family_name (family);
        g_autofree char *path = g_strdup_printf ("/iptables/%s/%s/%s", group, cases[i].name, name);

        g_test_add (path, Fixture, GUINT_TO_POINTER (family), set_up, cases[i].test, tear_down);
      }
}

void
fixture_add_rule (GArray         *rules,
                  DivertXtTable   table,
                  const char     *chain,
                  guint16         port,
                  DivertXtTarget  target,
                  const char     *to)
{
  DivertXtRule rule = { .table = table, .target = target, .mask = 0xff, .value = 0x17 };

  g_strlcpy (rule.chain, chain, sizeof rule.chain);
  g_strlcpy (rule.to, to, sizeof rule.to);
  rule.tagged = port == 0 && !divert_xt_is_builtin (chain);
  if (port != 0)
    {
      rule.protocol = IPPROTO_UDP;
      rule.dport = port;
    }
  sandbox_rules_add (rules, &rule);
}

gboolean
fixture_apply (Fixture      *fixture,
               const GArray *rules)
{
  return sandbox_apply (rules, MANGLE, fixture->family);
}

void
fixture_assert_holds (Fixture      *fixture,
                      const GArray *rules)
{
  g_autofree char *expected = divert_xt_table_to_text (rules, fixture->family, MANGLE);
  g_autofree char *text = divert_iptables_read_text (fixture->family, MANGLE, NULL);

  g_assert_cmpstr (text, ==, expected);
}
