/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In place of divert_timer_new(), for the helper of some tests: one that is idle for half a second, instead of half a
 * minute, exits if it may.
 */
#include "bus/timer.h"

/* As in bus/service-idle.c. */
#define IDLE_MS 30000
#define HASTY_MS 500

GSource *__real_divert_timer_new (guint ms, GSourceFunc func, gpointer user_data);
GSource *__wrap_divert_timer_new (guint ms, GSourceFunc func, gpointer user_data);

GSource *
__wrap_divert_timer_new (guint       ms,
                         GSourceFunc func,
                         gpointer    user_data)
{
  return __real_divert_timer_new (ms == IDLE_MS ? HASTY_MS : ms, func, user_data);
}
