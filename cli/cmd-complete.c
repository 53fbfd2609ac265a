/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-divert complete: words for the shells' completion, one per line.  It is not meant for people, and prints nothing
 * if there is nobody to ask.
 */
#include "divert-config.h"

#include "client.h"
#include "printable.h"
#include "profiles.h"
#include "view.h"

static void
print_word (const char *word)
{
  g_autofree char *shown = divert_printable (word, DIVERT_PRINTABLE_LINE);

  /* A name that had to be changed would complete to something that doesn't exist. */
  if (g_str_equal (shown, word))
    g_print ("%s\n", word);
}

static void
complete_sites (GDBusConnection *bus)
{
  g_autoptr(GVariant) status = divert_client_get (bus, "Status", NULL, NULL);
  g_autoptr(GVariant) sites = status ? g_variant_lookup_value (status, "sites", G_VARIANT_TYPE ("aa{sv}")) : NULL;

  for (gsize i = 0; sites && i < g_variant_n_children (sites); i++)
    {
      g_autoptr(GVariant) site = g_variant_get_child_value (sites, i);

      print_word (divert_view_string (site, "name"));
    }
}

static void
complete_connections (GDBusConnection *bus)
{
  g_auto(GStrv) names = divert_profiles_list_names (bus, NULL);

  for (guint i = 0; names && names[i]; i++)
    print_word (names[i]);
}

DivertExitCode
divert_cmd_complete (const DivertCommand *command,
                     char               **arguments)
{
  g_auto(GStrv) rest = divert_command_parse (command, NULL, NULL, 1, 1, arguments);
  g_autoptr(GDBusConnection) bus = NULL;

  if (!rest)
    return DIVERT_EXIT_USAGE;
  bus = divert_client_connect (NULL);
  if (!bus)
    return DIVERT_EXIT_UNREACHABLE;
  if (g_str_equal (rest[0], "sites"))
    complete_sites (bus);
  else if (g_str_equal (rest[0], "connections"))
    complete_connections (bus);
  else
    return DIVERT_EXIT_USAGE;
  return DIVERT_EXIT_DONE;
}
