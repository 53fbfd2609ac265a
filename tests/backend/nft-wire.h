/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between us and nftables: the test program defines send() and recvmsg() in the place of the C library's.  So what we
 * read is counted, and somebody can write exactly between our reading and our writing.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  guint n_batches;
  guint n_meddled; /* before so many batches somebody writes */
  int   failure;   /* for the next batch; 0: none */
  gsize received;  /* bytes */
} NftWire;

extern NftWire wire;

G_END_DECLS
