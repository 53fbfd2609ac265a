/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the configuration's errors and their wording.
 */
#include "config-private.h"

#include "core/words/escape.h"

G_DEFINE_QUARK (divert-config-error-quark, divert_config_error)

gboolean
divert_config_refuse (DivertConfigError   code,
                      const char         *problem,
                      const char         *value,
                      GError            **error)
{
  g_autofree char *shown = divert_escape (value);

  g_set_error (error, DIVERT_CONFIG_ERROR, code, "%s: '%s'", problem, shown);
  return FALSE;
}
