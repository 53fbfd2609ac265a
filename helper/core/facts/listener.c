/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the listeners as a value, and their text form.
 */
#include "listener.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static const char *const names[] = {
  [DIVERT_LISTENER_NONE] = "none",
  [DIVERT_LISTENER_NOT_TRANSPARENT] = "not-transparent",
  [DIVERT_LISTENER_FOREIGN] = "foreign",
  [DIVERT_LISTENER_ASKS_ITSELF] = "asks-itself",
  [DIVERT_LISTENER_GOOD] = "good",
};
G_STATIC_ASSERT (G_N_ELEMENTS (names) == DIVERT_N_LISTENERS);

static const char *const uses[] = { [DIVERT_PORT_TPROXY] = "tproxy", [DIVERT_PORT_DNS] = "dns" };
G_STATIC_ASSERT (G_N_ELEMENTS (uses) == DIVERT_N_PORT_USES);

const char *
divert_listener_name (DivertListener listener)
{
  return names[listener];
}

GArray *
divert_listening_new (void)
{
  return g_array_new (FALSE, TRUE, sizeof (DivertListening));
}

static int
compare_numbers (guint a,
                 guint b)
{
  return a < b ? -1 : a > b;
}

int
divert_listening_compare (const DivertListening *a,
                          const DivertListening *b)
{
  int order = compare_numbers (a->use, b->use);

  if (order == 0)
    order = compare_numbers (a->port, b->port);
  if (order == 0)
    order = compare_numbers (a->protocol, b->protocol);
  return order != 0 ? order : compare_numbers (a->family, b->family);
}

gboolean
divert_listening_equal (const GArray *a,
                        const GArray *b)
{
  if (a->len != b->len)
    return FALSE;
  for (guint i = 0; i < a->len; i++)
    {
      const DivertListening *x = &g_array_index (a, DivertListening, i), *y = &g_array_index (b, DivertListening, i);

      if (divert_listening_compare (x, y) != 0 || x->listener != y->listener || x->uid != y->uid ||
          x->wildcard != y->wildcard || x->sockets != y->sockets)
        return FALSE;
    }
  return TRUE;
}

const DivertListening *
divert_listening_find (const GArray  *list,
                       DivertPortUse  use,
                       guint16        port,
                       guint8         protocol,
                       DivertFamily   family)
{
  const DivertListening wanted = { .use = use, .port = port, .protocol = protocol, .family = family };

  for (guint i = 0; i < list->len; i++)
    if (divert_listening_compare (&g_array_index (list, DivertListening, i), &wanted) == 0)
      return &g_array_index (list, DivertListening, i);
  return NULL;
}

DivertFamilies
divert_listening_find_circles (const GArray *list,
                               guint16       port)
{
  DivertFamilies families = DIVERT_FAMILIES_NONE;

  for (guint i = 0; i < list->len; i++)
    {
      const DivertListening *item = &g_array_index (list, DivertListening, i);

      if (item->use == DIVERT_PORT_DNS && item->port == port && item->listener == DIVERT_LISTENER_ASKS_ITSELF)
        families |= 1u << item->family;
    }
  return families;
}

gboolean
divert_listening_is_wrong (const DivertListening *item)
{
  return item->use == DIVERT_PORT_DNS ? item->listener == DIVERT_LISTENER_NONE : item->listener != DIVERT_LISTENER_GOOD;
}

gboolean
divert_listener_is_foreign (DivertListener listener)
{
  return listener == DIVERT_LISTENER_FOREIGN || listener == DIVERT_LISTENER_ASKS_ITSELF;
}

char *
divert_listening_to_text (const GArray *list)
{
  g_autoptr(GString) text = g_string_new (NULL);

  for (guint i = 0; i < list->len; i++)
    {
      const DivertListening *item = &g_array_index (list, DivertListening, i);

      g_string_append_printf (text, "%s%s %s %s %u %s", i > 0 ? ";" : "", uses[item->use],
                              item->protocol == IPPROTO_TCP ? "tcp" : "udp", divert_family_name (item->family),
                              item->port, names[item->listener]);
      if (divert_listener_is_foreign (item->listener))
        g_string_append_printf (text, " %u", item->uid);
      if (item->wildcard)
        g_string_append (text, " wildcard");
    }
  return text->len > 0 ? g_string_free (g_steal_pointer (&text), FALSE) : NULL;
}

static gboolean
find_word (const char        *word,
           const char *const *words,
           guint              n_words,
           guint             *ret_index)
{
  for (guint i = 0; i < n_words; i++)
    if (g_str_equal (word, words[i]))
      {
        *ret_index = i;
        return TRUE;
      }
  return FALSE;
}

static gboolean
item_from_text (const char      *text,
                DivertListening *ret_item)
{
  static const char *const protocols[] = { "tcp", "udp" }, *const families[] = { "IPv4", "IPv6" };
  g_auto(GStrv) words = g_strsplit (text, " ", -1);
  guint n = g_strv_length (words);
  const gboolean wildcard = n > 0 && g_str_equal (words[n - 1], "wildcard");
  guint use, protocol, family, listener;
  guint64 port, uid = 0;

  n -= wildcard;
  if (n < 5 || !find_word (words[0], uses, G_N_ELEMENTS (uses), &use) ||
      !find_word (words[1], protocols, G_N_ELEMENTS (protocols), &protocol) ||
      !find_word (words[2], families, G_N_ELEMENTS (families), &family) ||
      !g_ascii_string_to_unsigned (words[3], 10, 1, G_MAXUINT16, &port, NULL) ||
      !find_word (words[4], names, G_N_ELEMENTS (names), &listener) ||
      (listener == DIVERT_LISTENER_ASKS_ITSELF && use != DIVERT_PORT_DNS) ||
      n != (divert_listener_is_foreign (listener) ? 6 : 5) ||
      (n == 6 && !g_ascii_string_to_unsigned (words[5], 10, 0, G_MAXUINT32, &uid, NULL)))
    return FALSE;
  *ret_item = (DivertListening) {
    .use = use, .port = port, .protocol = protocol == 0 ? IPPROTO_TCP : IPPROTO_UDP, .family = family,
    .listener = listener, .uid = uid, .wildcard = wildcard,
  };
  return TRUE;
}

gboolean
divert_listening_from_text (const char *text,
                            GArray     *list)
{
  g_auto(GStrv) items = g_strsplit (text, ";", -1);

  for (char **item = items; *item != NULL; item++)
    {
      DivertListening parsed;

      if (!item_from_text (*item, &parsed))
        return FALSE;
      g_array_append_val (list, parsed);
    }
  return TRUE;
}
