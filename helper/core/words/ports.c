/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: ranges of ports.
 */
#include "ports.h"

#include <string.h>

#define FIRST_UNPRIVILEGED 1024

DivertPorts
divert_ports_know_ephemeral (DivertPorts ephemeral)
{
  return ephemeral.first != 0 ? ephemeral : (DivertPorts){ FIRST_UNPRIVILEGED, G_MAXUINT16 };
}

GArray *
divert_ports_new (void)
{
  return g_array_new (FALSE, FALSE, sizeof (DivertPorts));
}

void
divert_ports_add (GArray  *ports,
                  guint16  first,
                  guint16  last)
{
  const DivertPorts added = { first, last };

  g_array_append_val (ports, added);
}

static gboolean
parse_port (const char *text,
            guint16    *ret_port)
{
  guint64 port;

  if (text[0] == '0' || !g_ascii_string_to_unsigned (text, 10, 1, G_MAXUINT16, &port, NULL))
    return FALSE;
  *ret_port = port;
  return TRUE;
}

gboolean
divert_ports_parse (const char  *text,
                    DivertPorts *ret_ports)
{
  g_auto(GStrv) ends = g_strsplit (text, "-", 2);
  DivertPorts ports;

  if (ends[0] == NULL || !parse_port (ends[0], &ports.first) ||
      !parse_port (ends[1] != NULL ? ends[1] : ends[0], &ports.last) || ports.last < ports.first)
    return FALSE;
  *ret_ports = ports;
  return TRUE;
}

char *
divert_ports_to_string (const GArray *ports)
{
  g_autoptr(GString) text = g_string_new (NULL);

  for (guint i = 0; i < ports->len; i++)
    {
      const DivertPorts *range = divert_ports_index (ports, i);

      g_string_append_printf (text, "%s%u", i > 0 ? ";" : "", range->first);
      if (range->last != range->first)
        g_string_append_printf (text, "-%u", range->last);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

gboolean
divert_ports_equal (const GArray *a,
                    const GArray *b)
{
  if (a == NULL || b == NULL)
    return a == b;
  if (a->len != b->len)
    return FALSE;
  for (guint i = 0; i < a->len; i++)
    if (divert_ports_index (a, i)->first != divert_ports_index (b, i)->first ||
        divert_ports_index (a, i)->last != divert_ports_index (b, i)->last)
      return FALSE;
  return TRUE;
}

gboolean
divert_ports_contain (const GArray *ports,
                      guint16       port)
{
  for (guint i = 0; i < ports->len; i++)
    if (port >= divert_ports_index (ports, i)->first && port <= divert_ports_index (ports, i)->last)
      return TRUE;
  return FALSE;
}

static int
compare_ports (gconstpointer a,
               gconstpointer b)
{
  const DivertPorts *x = a, *y = b;

  return x->first != y->first ? (x->first < y->first ? -1 : 1) : (int) x->last - (int) y->last;
}

GArray *
divert_ports_merge (const GArray *ports)
{
  GArray *merged = divert_ports_new ();
  g_autoptr(GArray) sorted = divert_ports_new ();

  g_array_append_vals (sorted, ports->data, ports->len);
  g_array_sort (sorted, compare_ports);
  for (guint i = 0; i < sorted->len; i++)
    {
      const DivertPorts *next = divert_ports_index (sorted, i);
      DivertPorts *last = merged->len > 0 ? divert_ports_index (merged, merged->len - 1) : NULL;

      if (last != NULL && next->first <= (guint) last->last + 1)
        last->last = MAX (last->last, next->last);
      else
        g_array_append_val (merged, *next);
    }
  return merged;
}

GArray *
divert_ports_invert (const GArray *ports)
{
  GArray *others = divert_ports_new ();
  guint next = 1;

  for (guint i = 0; i < ports->len; i++)
    {
      const DivertPorts *range = divert_ports_index (ports, i);

      if (range->first > next)
        divert_ports_add (others, next, range->first - 1);
      next = range->last + 1u;
    }
  if (next <= G_MAXUINT16)
    divert_ports_add (others, next, G_MAXUINT16);
  return others;
}
