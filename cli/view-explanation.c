/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `nm-divert explain`: the path, the rule that decides, the place, and the proofs behind the place.
 */
#include "divert-config.h"

#include "view.h"

#include <glib/gi18n.h>

#include "core/words/escape.h"
#include "printable.h"

static char *
path_to_text (GVariant *explanation)
{
  const char *path = divert_view_string (explanation, "path");
  const char *device = divert_view_string (explanation, "device");
  guint port = 0;

  g_variant_lookup (explanation, "port", "u", &port);
  if (g_str_equal (path, "direct") && *device)
    {
      g_autofree char *shown = divert_escape (device);

      return g_strdup_printf (_("direct, by %s"), shown);
    }
  if (g_str_equal (path, "direct"))
    return g_strdup (_("direct"));
  if (g_str_equal (path, "divert"))
    return g_strdup_printf (_("diverted to the proxy's port %u"), port);
  if (g_str_equal (path, "dns"))
    return g_strdup_printf (_("redirected to the proxy's DNS port %u"), port);
  if (g_str_equal (path, "block"))
    return g_strdup (_("refused"));
  return divert_escape (path);
}

static char *
rule_to_text (GVariant *explanation)
{
  g_autofree char *table = divert_escape (divert_view_string (explanation, "table"));
  g_autofree char *rule = divert_printable (divert_view_string (explanation, "rule"), DIVERT_PRINTABLE_LINE);

  if (!*rule)
    return g_strdup (_("no rule concerns it"));
  return g_strdup_printf (_("table %s: %s"), table, rule);
}

char *
divert_view_explanation (GVariant   *explanation,
                         const char *packet)
{
  g_autoptr(GString) text = g_string_new (NULL);
  g_autofree char *shown = divert_escape (packet);
  g_autofree char *path = path_to_text (explanation);
  g_autofree char *rule = rule_to_text (explanation);
  g_autofree char *place = divert_view_place (explanation);
  g_autofree char *reason = divert_view_reason (explanation);
  const char *why = divert_view_string (explanation, "why");

  divert_view_append_field (text, _("Packet"), shown);
  divert_view_append_field (text, _("Path"), path);
  if (*why)
    {
      /* A msgid of core/ruleset-*.c. */
      g_autofree char *because = divert_printable (divert_view_translate (why), DIVERT_PRINTABLE_LINE);

      divert_view_append_field (text, _("Because"), because);
    }
  divert_view_append_field (text, _("Rule"), rule);
  divert_view_append_field (text, _("Place"), place);
  divert_view_append_field (text, _("Reason"), reason);
  divert_view_append_sites (text, explanation);
  return g_string_free (g_steal_pointer (&text), FALSE);
}
