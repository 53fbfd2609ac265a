/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns: the intranet that is left in the tests of flows. */
#include "intranet.h"

#include "core/words/prefix.h"

GArray *
test_intranet_new (void)
{
  static const char *const prefixes[] = { "192.168.22.0/24", "fd00:22::/64" };
  GArray *intranet = divert_prefixes_new ();

  for (guint i = 0; i < G_N_ELEMENTS (prefixes); i++)
    {
      DivertPrefix prefix;

      g_assert_true (divert_prefix_parse (prefixes[i], &prefix, NULL));
      divert_prefixes_add (intranet, &prefix);
    }
  return intranet;
}
