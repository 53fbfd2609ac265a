/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: which listeners a configuration needs, and the words about those that are missing or somebody else's.
 *
 * A resolver on the DNS port may be anybody's: people put a filter of their own before the proxy.  So nothing is wrong
 * with that one as long as it is there and doesn't ask itself.
 */
#include "listening.h"

#include <netinet/in.h>

static void
add_port (const DivertConfig *config,
          GArray             *list,
          DivertPortUse       use,
          guint16             port)
{
  static const guint8 protocols[] = { IPPROTO_TCP, IPPROTO_UDP };

  for (guint family = 0; port != 0 && family < (config->ipv6 ? DIVERT_N_FAMILIES : 1); family++)
    for (guint i = 0; i < G_N_ELEMENTS (protocols); i++)
      if (divert_listening_find (list, use, port, protocols[i], family) == NULL)
        {
          const DivertListening item = { .use = use, .port = port, .protocol = protocols[i], .family = family };

          g_array_append_val (list, item);
        }
}

GArray *
divert_listening_list (const DivertConfig *config)
{
  GArray *list = divert_listening_new ();

  add_port (config, list, DIVERT_PORT_TPROXY, config->tproxy_port);
  for (guint i = 0; i < config->sites->len; i++)
    add_port (config, list, DIVERT_PORT_TPROXY,
              ((const DivertSite *) g_ptr_array_index (config->sites, i))->tproxy_port);
  add_port (config, list, DIVERT_PORT_DNS, config->dns_port);
  g_array_sort (list, (GCompareFunc) divert_listening_compare);
  return list;
}

/* How many items, beginning at @first, are about the same port. */
static guint
count_port (const GArray *list,
            guint         first)
{
  const DivertListening *item = &g_array_index (list, DivertListening, first);
  guint n = 0;

  while (first + n < list->len && g_array_index (list, DivertListening, first + n).use == item->use &&
         g_array_index (list, DivertListening, first + n).port == item->port)
    n++;
  return n;
}

static gboolean
is_same_for_all (const DivertListening *items,
                 guint                  n)
{
  for (guint i = 1; i < n; i++)
    if (items[i].listener != items->listener || items[i].uid != items->uid)
      return FALSE;
  return TRUE;
}

static void
describe_state (const DivertListening *item,
                GString               *text)
{
  g_string_append (text, divert_listener_name (item->listener));
  if (item->listener == DIVERT_LISTENER_FOREIGN)
    g_string_append_printf (text, " (user %u)", item->uid);
}

/* @items: all that is known of one port. */
static void
describe_port (const DivertListening *items,
               guint                  n,
               GString               *text)
{
  const gboolean together = is_same_for_all (items, n);
  gboolean any = FALSE;

  for (guint i = 0; i < (together ? 1 : n); i++)
    {
      if (!divert_listening_is_wrong (&items[i]))
        continue;
      if (!any)
        g_string_append_printf (text, "%s%s %u: ", text->len > 0 ? "; " : "",
                                items[i].use == DIVERT_PORT_DNS ? "DNS port" : "port", items[i].port);
      else
        g_string_append (text, ", ");
      any = TRUE;
      if (!together)
        g_string_append_printf (text, "%s/%s ", items[i].protocol == IPPROTO_TCP ? "TCP" : "UDP",
                                divert_family_name (items[i].family));
      describe_state (&items[i], text);
    }
}

/* It is told once, because one resolver has all of these sockets. */
static void
add_circle (const GArray *known,
            GPtrArray    *problems)
{
  for (guint i = 0; i < known->len; i++)
    {
      const DivertListening *item = &g_array_index (known, DivertListening, i);
      g_autofree char *detail = NULL;

      if (item->listener != DIVERT_LISTENER_ASKS_ITSELF)
        continue;
      detail = g_strdup_printf ("DNS port %u (user %u)", item->port, item->uid);
      g_ptr_array_add (problems, divert_problem_new (DIVERT_PROBLEM_RESOLVER, detail));
      return;
    }
}

void
divert_listening_add_problems (const DivertConfig *config,
                               const DivertFacts  *facts,
                               GPtrArray          *problems)
{
  g_autoptr(GArray) needed = divert_listening_list (config);
  g_autoptr(GArray) known = divert_listening_new ();
  g_autoptr(GString) text = g_string_new (NULL);

  for (guint i = 0; i < needed->len; i++)
    {
      const DivertListening *need = &g_array_index (needed, DivertListening, i);
      const DivertListening *item = divert_listening_find (facts->listening, need->use, need->port, need->protocol,
                                                           need->family);

      if (item != NULL)
        g_array_append_vals (known, item, 1);
    }
  for (guint i = 0; i < known->len; i += count_port (known, i))
    describe_port (&g_array_index (known, DivertListening, i), count_port (known, i), text);
  if (text->len > 0)
    g_ptr_array_add (problems, divert_problem_new (DIVERT_PROBLEM_LISTENER, text->str));
  add_circle (known, problems);
}
