/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: reading ip_local_port_range, which IPv6 uses as well.
 */
#include "ephemeral-ports.h"

#include <stdio.h>

DivertPorts
divert_ephemeral_ports_read (void)
{
  g_autofree char *text = NULL;
  guint first, last;

  if (!g_file_get_contents ("/proc/sys/net/ipv4/ip_local_port_range", &text, NULL, NULL) ||
      sscanf (text, "%u %u", &first, &last) != 2 || first == 0 || first > last || last > G_MAXUINT16)
    return (DivertPorts){ 0, 0 };
  return (DivertPorts){ first, last };
}
