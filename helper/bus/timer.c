/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: which loop a timer runs in.
 */
#include "timer.h"

static GSource *
attach (GSource     *source,
        GSourceFunc  func,
        gpointer     user_data)
{
  g_source_set_callback (source, func, user_data, NULL);
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_attach (source, g_main_context_get_thread_default ());
  return source;
}

GSource *
divert_timer_new (guint       ms,
                  GSourceFunc func,
                  gpointer    user_data)
{
  return attach (g_timeout_source_new (ms), func, user_data);
}

GSource *
divert_timer_new_idle (GSourceFunc func,
                       gpointer    user_data)
{
  return attach (g_idle_source_new (), func, user_data);
}

void
divert_timer_clear (GSource **timer)
{
  if (*timer == NULL)
    return;
  g_source_destroy (*timer);
  g_clear_pointer (timer, g_source_unref);
}
