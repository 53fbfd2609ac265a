/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ports that the kernel gives to sockets that do not ask for one (ip_local_port_range).
 */
#pragma once

#include "core/words/ports.h"

G_BEGIN_DECLS

/* A file descriptor for divert_ephemeral_ports_read(), for the network namespace of now; -1: they cannot be read. */
int         divert_ephemeral_ports_open (void);
/* 0, 0 if they cannot be read. */
DivertPorts divert_ephemeral_ports_read (int file);

G_END_DECLS
