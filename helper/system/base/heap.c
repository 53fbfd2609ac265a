/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: when free memory goes back to the kernel.
 *
 * Laying thousands of prefixes takes megabytes for a moment, in small pieces, and a message from the bus takes as much
 * as a user likes.  Some of the pieces are still used afterwards, so glibc keeps the pages between them (4 to 6 of 14
 * to 16 MB with 10,000 prefixes).  What a few prefixes leave is kept, because whoever needs it again would have to wait
 * for the kernel.  (glibc counts what its threads have reserved and never used as free, 2.7 MB then.)
 *
 * A gigabyte takes some tenths of a second, and until then whoever needs memory waits.  A thread of ordinary priority
 * would hold the same locks, and any user could keep it from running.  So the caller does it, when nobody is in a
 * hurry.
 */
#include "heap.h"

#include <malloc.h>

#define KEPT_BYTES (4 * 1024 * 1024)

void
divert_heap_trim (void)
{
#ifdef __GLIBC__
  if (mallinfo2 ().fordblks > KEPT_BYTES)
    malloc_trim (0);
#endif
}
