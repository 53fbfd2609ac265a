/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: reading ip_local_port_range, which IPv6 uses as well.  The file stays open, because every run reads it,
 * and opening it takes ten times as long.
 */
#include "ephemeral-ports.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int
divert_ephemeral_ports_open (void)
{
  return open ("/proc/sys/net/ipv4/ip_local_port_range", O_RDONLY | O_CLOEXEC);
}

DivertPorts
divert_ephemeral_ports_read (int file)
{
  char text[64] = "";
  guint first, last;

  if (pread (file, text, sizeof text - 1, 0) < 0 || sscanf (text, "%u %u", &first, &last) != 2 || first == 0 ||
      first > last || last > G_MAXUINT16)
    return (DivertPorts){ 0, 0 };
  return (DivertPorts){ first, last };
}
