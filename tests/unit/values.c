/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "values.h"

#include <string.h>

DivertConfig *
test_config_new (const char *text)
{
  DivertConfig *config = divert_config_new ();
  g_autoptr(GError) error = NULL;

  divert_config_add (config, "config", text, strlen (text), &error);
  g_assert_no_error (error);
  divert_config_finish (config, &error);
  g_assert_no_error (error);
  return config;
}

DivertFacts *
test_facts_new (const char *text)
{
  g_autoptr(GError) error = NULL;
  DivertFacts *facts = divert_facts_from_text (text, strlen (text), &error);

  g_assert_no_error (error);
  return facts;
}

void
test_prefixes_add (GArray     *prefixes,
                   const char *text)
{
  DivertPrefix prefix;
  g_autoptr(GError) error = NULL;

  divert_prefix_parse (text, &prefix, &error);
  g_assert_no_error (error);
  divert_prefixes_add (prefixes, &prefix);
}
