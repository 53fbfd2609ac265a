/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers on the wire that several rooms know.
 */
#pragma once

#define DIVERT_DNS_PORT 53

/* TCP's flags. */
#define DIVERT_TCP_FIN 0x01
#define DIVERT_TCP_SYN 0x02
#define DIVERT_TCP_RST 0x04
#define DIVERT_TCP_PSH 0x08
#define DIVERT_TCP_ACK 0x10
