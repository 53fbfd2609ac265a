/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a program hears that its IPv4 datagram was refused behind lo, in the hook DELIVER.
 *
 * Theory of operation.  The ICMP error that refuses a datagram there has the datagram's destination
 * as its source.  That is an address of somebody else's, and the kernel does not route what this
 * machine sends from there (K3.11).  So HIDE replaces the destination with a loopback address that
 * nobody uses, and the error comes from there.  It quotes the datagram, and the kernel looks for the
 * program's socket by the quote, so the true destination must be in it again.  HIDE keeps it in two
 * fields of the datagram's headers that nobody will read: the datagram is dropped.  When the error
 * passes the hook OUTPUT, UNHIDE exchanges it with the loopback address.  An exchange leaves ICMP's
 * checksum right, which nft cannot compute itself.
 *
 * The program's socket then fails as with any closed port (ECONNREFUSED), within the time that it
 * takes to send two packets over lo.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The loopback address: 127.'n'.'d'.'v'. */
#define DIVERT_NFT_HIDDEN { 127, 110, 100, 118 }

/* In nft's language. */
#define DIVERT_NFT_HIDE_TEXT "@nh,0,8 0x45 ip id set @nh,128,16 udp length set @nh,144,16 ip daddr set 127.110.100.118"
#define DIVERT_NFT_UNHIDE_TEXT \
  "@th,64,8 0x45 @th,192,16 set @th,96,16 @th,208,16 set @th,256,16 @th,96,16 set 0x7f6e @th,256,16 set 0x6476"

G_END_DECLS
