/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How often anybody may make us do what takes long.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* All zeros at first.  Times are µs, monotonic. */
typedef struct
{
  gint64 until;
} DivertRest;

/* Is no more than @leeway of the rest left @now? */
gboolean divert_rest_is_over (const DivertRest *rest, gint64 now, gint64 leeway);
/* After work from @began to @ended: as long a rest as it deserves, besides what was left of the last one. */
void     divert_rest_extend (DivertRest *rest, gint64 began, gint64 ended);

G_END_DECLS
