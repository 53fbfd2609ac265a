/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: when free memory goes back to the kernel.
 *
 * What is in one large piece is a mapping of its own: the list of four thousand prefixes or more, and the messages that
 * lay them.
 *
 * The rest is in small pieces, and a message from the bus takes as many as a user likes.  Some of the pieces are still
 * used afterwards, so glibc keeps the pages between them (2 of 9 MB with 10,000 prefixes).  What a few prefixes leave
 * is kept, because whoever needs it again would have to wait for the kernel.  (glibc counts what its threads have
 * reserved and never used as free, 1 to 2 MB.)
 *
 * A gigabyte takes some tenths of a second, and until then whoever needs memory waits.  A thread of ordinary priority
 * would hold the same locks, and any user could keep it from running.  So the caller does it, when nobody is in a
 * hurry.
 */
#include "heap.h"

#include <malloc.h>

#define KEPT_BYTES (4 * 1024 * 1024)

/* In bytes.  glibc begins with this as well.  But once the first such piece has been freed, it keeps others of that
 * size for later.  No piece that each change of place needs is as large, because mapping it takes some of the time. */
#define LARGE_BYTES (128 * 1024)

/* Setting the one also fixes the other: how much may be free behind all pieces until it is returned.  glibc itself
 * would also keep twice as much, and a change of place frees and needs some of it again. */
void
divert_heap_return_large (void)
{
#ifdef __GLIBC__
  mallopt (M_MMAP_THRESHOLD, LARGE_BYTES);
  mallopt (M_TRIM_THRESHOLD, 2 * LARGE_BYTES);
#endif
}

void
divert_heap_trim (void)
{
#ifdef __GLIBC__
  if (mallinfo2 ().fordblks > KEPT_BYTES)
    malloc_trim (0);
#endif
}
