/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: what happens at a fault point.  Only built with the option fault-points.
 */
#include "fault.h"

#include <signal.h>
#include <string.h>

gboolean
divert_fault_point (const char *format,
                    ...)
{
  const char *fault = g_getenv ("DIVERT_FAULT");
  g_autofree char *name = NULL;
  const char *action;
  va_list args;

  action = fault != NULL ? strrchr (fault, '=') : NULL;
  if (action == NULL)
    return FALSE;

  va_start (args, format);
  name = g_strdup_vprintf (format, args);
  va_end (args);
  if (strlen (name) != (gsize) (action - fault) || !g_str_has_prefix (fault, name))
    return FALSE;

  if (g_str_equal (action, "=stop"))
    raise (SIGSTOP);
  else if (g_str_equal (action, "=kill"))
    raise (SIGKILL);
  return g_str_equal (action, "=fail");
}
