/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `nm-divert trust` would learn, for a person to accept or refuse.
 */
#include "divert-config.h"

#include "view.h"

#include <glib/gi18n.h>
#include <string.h>

#include "core/words/escape.h"

/* One per line, because a person reads each of them before saying yes. */
static char *
list_to_text (GVariant   *learned,
              const char *key,
              const char *nothing)
{
  g_autofree const char **items = NULL;
  g_autoptr(GString) text = g_string_new (NULL);

  g_variant_lookup (learned, key, "^a&s", &items);
  for (guint i = 0; items && items[i]; i++)
    {
      g_autofree char *item = divert_escape (items[i]);

      g_string_append_printf (text, "%s%s", i ? "\n" : "", item);
    }
  return text->len ? g_string_free (g_steal_pointer (&text), FALSE) : g_strdup (nothing);
}

/* Right after the network has come up, the router may not have announced it yet, and then it won't be an intranet. */
static gboolean
lacks_ipv6 (const char *prefixes)
{
  return strchr (prefixes, '.') != NULL && strchr (prefixes, ':') == NULL;
}

char *
divert_view_preview (GVariant   *learned,
                     const char *site)
{
  g_autoptr(GString) text = g_string_new (NULL);
  g_autofree char *id = divert_escape (divert_view_string (learned, "id"));
  g_autofree char *uuid = divert_escape (divert_view_string (learned, "uuid"));
  g_autofree char *device = divert_escape (divert_view_string (learned, "device"));
  g_autofree char *file = divert_escape (divert_view_string (learned, "file"));
  g_autofree char *intranet = list_to_text (learned, "intranet", _("none"));
  g_autofree char *macs = list_to_text (learned, "gateway-macs",
                                        _("none: the gateway did not answer, or there is none"));
  g_autofree char *connection = g_strdup_printf (_("'%s' on %s\n%s"), id, device, uuid);

  divert_view_append_field (text, _("Site"), site);
  divert_view_append_field (text, _("Connection"), connection);
  divert_view_append_field (text, _("Intranet"), intranet);
  if (lacks_ipv6 (intranet))
    divert_view_append_field (text, "", _("no IPv6 so far: if this network has it, repeat this when it is there"));
  divert_view_append_field (text, _("Gateway MAC"), macs);
  divert_view_append_direct (text, learned);
  divert_view_append_field (text, _("File"), file);
  return g_string_free (g_steal_pointer (&text), FALSE);
}
