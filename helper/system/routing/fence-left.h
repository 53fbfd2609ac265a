/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fence as we left it, and what of that is missing now.  Only for fence.c.
 */
#pragma once

#include "core/memory/drift.h"
#include "fence-writer.h"

G_BEGIN_DECLS

typedef struct
{
  DivertFence *fence; /* NULL: we left none */
} DivertFenceLeft;

/* @fence was closed just now (@open FALSE), or opened as well. */
void        divert_fence_left_set (DivertFenceLeft *left, const DivertFence *fence, gboolean open);
/* Its gates were closed since, and not by somebody else. */
void        divert_fence_left_shut (DivertFenceLeft *left);
void        divert_fence_left_clear (DivertFenceLeft *left);
/* Which parts are missing that are still wanted.  @w has read what is there; @whole: so was the device. */
DivertParts divert_fence_left_find_drift (const DivertFenceLeft *left, const DivertFenceWriter *w, gboolean whole);

G_END_DECLS
