/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the names of the parts that can drift, and the text about the last drift.
 */
#include "drift.h"

#include <glib/gi18n-lib.h>

#include "core/words/escape.h"

static const struct
{
  const char *name;
  const char *text; /* msgid */
} parts[] = {
  [DIVERT_PART_MANGLE_IPV4] = { "mangle-ipv4", N_("table mangle (IPv4)") },
  [DIVERT_PART_MANGLE_IPV6] = { "mangle-ipv6", N_("table mangle (IPv6)") },
  [DIVERT_PART_NAT_IPV4] = { "nat-ipv4", N_("table nat (IPv4)") },
  [DIVERT_PART_NAT_IPV6] = { "nat-ipv6", N_("table nat (IPv6)") },
  [DIVERT_PART_FILTER_IPV4] = { "filter-ipv4", N_("table filter (IPv4)") },
  [DIVERT_PART_FILTER_IPV6] = { "filter-ipv6", N_("table filter (IPv6)") },
  [DIVERT_PART_ROUTING_IPV4] = { "routing-ipv4", N_("ip rule and routes (IPv4)") },
  [DIVERT_PART_ROUTING_IPV6] = { "routing-ipv6", N_("ip rule and routes (IPv6)") },
  [DIVERT_PART_FENCE_IPV4] = { "fence-ipv4", N_("fence (IPv4)") },
  [DIVERT_PART_FENCE_IPV6] = { "fence-ipv6", N_("fence (IPv6)") },
  [DIVERT_PART_FENCE_DEVICE] = { "fence-device", N_("the fence's device") },
  [DIVERT_PART_NFTABLES] = { "nftables", N_("table inet nm-divert of nftables") },
  [DIVERT_PART_GUARD] = { "guard", N_("the guard's table of nftables") },
  [DIVERT_PART_WIRE] = { "wire", N_("table netdev nm-divert of nftables") },
};
G_STATIC_ASSERT (G_N_ELEMENTS (parts) == DIVERT_N_PARTS);
G_STATIC_ASSERT (DIVERT_FAMILY_IPV6 == DIVERT_FAMILY_IPV4 + 1);

DivertParts
divert_part_of (DivertPart   part,
                DivertFamily family)
{
  return 1u << (part + family);
}

gboolean
divert_parts_judge (DivertParts bits)
{
  return (bits & (1u << DIVERT_PART_MANGLE_IPV4 | 1u << DIVERT_PART_MANGLE_IPV6 | 1u << DIVERT_PART_NFTABLES)) != 0;
}

const char *
divert_part_name (DivertPart part)
{
  return parts[part].name;
}

gboolean
divert_part_from_name (const char *name,
                       DivertPart *ret_part)
{
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    if (g_str_equal (name, parts[i].name))
      {
        *ret_part = i;
        return TRUE;
      }
  return FALSE;
}

const char *
divert_part_to_text (DivertPart   part,
                     const char *(*translate) (const char *msgid))
{
  return translate != NULL ? translate (parts[part].text) : parts[part].text;
}

void
divert_drift_add (DivertDrift         *drift,
                  DivertParts          bits,
                  const DivertProgram *program,
                  gint64               when)
{
  drift->count++;
  drift->when = when;
  drift->parts = bits;
  drift->program = *program;
}

char *
divert_drift_to_text (const DivertDrift *drift)
{
  g_autoptr(GString) text = g_string_new (NULL);
  g_autofree char *name = divert_escape (drift->program.name);

  for (guint part = 0; part < DIVERT_N_PARTS; part++)
    if ((drift->parts & 1u << part) != 0)
      g_string_append_printf (text, "%s%s", text->len > 0 ? ", " : "", parts[part].text);
  if (drift->program.pid != 0 && *name != '\0')
    g_string_append_printf (text, ", by '%s' (process %u)", name, drift->program.pid);
  else if (drift->program.pid != 0)
    g_string_append_printf (text, ", by process %u", drift->program.pid);
  return g_string_free (g_steal_pointer (&text), FALSE);
}
