/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ports that the kernel gives to sockets that do not ask for one (ip_local_port_range).
 */
#pragma once

#include "core/words/ports.h"

G_BEGIN_DECLS

/* 0, 0 if they cannot be read. */
DivertPorts divert_ephemeral_ports_read (void);

G_END_DECLS
