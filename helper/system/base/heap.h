/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that is free, and still the process's.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* From now on, what was allocated in one large piece goes back to the kernel at once.  Call it first. */
void divert_heap_return_large (void);
/* Gives it back to the kernel if there is much of it.  That may take long. */
void divert_heap_trim (void);

G_END_DECLS
