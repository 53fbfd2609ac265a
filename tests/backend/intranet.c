/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns: the intranet that is left in the tests of flows. */
#include "intranet.h"

#include "values.h"

GArray *
test_intranet_new (void)
{
  GArray *intranet = divert_prefixes_new ();

  test_prefixes_add (intranet, "192.168.22.0/24");
  test_prefixes_add (intranet, "fd00:22::/64");
  return intranet;
}
