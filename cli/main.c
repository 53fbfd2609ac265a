/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-divert: the command for people, an unprivileged client of the helper.  This file knows the table of subcommands,
 * but not what they do.
 */
#include "divert-config.h"

#include <locale.h>

#include <glib/gi18n.h>

#include "command.h"
#include "core/words/escape.h"
#include "printable.h"

static const DivertCommand commands[] = {
  { "status", "", N_("Show where this machine is, and why"), divert_cmd_status },
  { "switch", N_("auto|away|off|SITE"), N_("Set the mode: decide automatically, or by hand"), divert_cmd_switch },
  { "trust", N_("[SITE]"), N_("Learn the network of now as (part of) a site"), divert_cmd_trust },
  { "forget", N_("SITE"), N_("Undo trust"), divert_cmd_forget },
  { "explain", N_("ADDRESS[:PORT][/tcp|/udp|/icmp]"), N_("Tell which way a packet takes, and which rule decides"),
    divert_cmd_explain },
  { "doctor", "", N_("Find what stands in the way, and what cures it"), divert_cmd_doctor },
  { "plan", "", N_("Print the rules without touching anything"), divert_cmd_plan },
  { "reload", "", N_("Have the helper read the configuration again"), divert_cmd_reload },
  { "check-config", N_("[FILE]"), N_("Check the configuration, without privileges"), divert_cmd_check_config },
  { "complete", "sites|connections", NULL, divert_cmd_complete },
};

#define CALL_COLUMNS 30

static void
print_usage (void)
{
  g_print (_("Usage: nm-divert COMMAND [OPTION…]\n\n"
             "Diverts this machine's traffic into a local proxy, and lets the intranet go straight at home.\n\n"
             "Commands:\n"));
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    if (commands[i].summary)
      {
        g_autofree char *call = g_strdup_printf ("%s %s", commands[i].name,
                                                 *commands[i].arguments ? _(commands[i].arguments) : "");

        int room = CALL_COLUMNS - (int) divert_display_width (call);

        /* A long call gets a line of its own, so that the summaries line up in every language. */
        if (room < 2)
          g_print ("  %s\n  %*s%s\n", call, CALL_COLUMNS, "", _(commands[i].summary));
        else
          g_print ("  %s%*s%s\n", call, room, "", _(commands[i].summary));
      }
  g_print (_("\nOptions:\n"
             "  --help      Show this help; 'nm-divert COMMAND --help' for a command's own\n"
             "  --version   Show the version\n\n"
             "See nm-divert(1) and nm-divert.conf(5).\n"));
}

static const DivertCommand *
find_command (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_str_equal (commands[i].name, name))
      return &commands[i];
  return NULL;
}

int
main (int    argc,
      char **argv)
{
  const DivertCommand *command;

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, DIVERT_LOCALE_DIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);

  if (argc < 2)
    {
      divert_command_complain (_("missing command"));
      g_printerr (_("Try 'nm-divert --help'.\n"));
      return DIVERT_EXIT_USAGE;
    }
  if (g_str_equal (argv[1], "--help") || g_str_equal (argv[1], "-h") || g_str_equal (argv[1], "help"))
    {
      print_usage ();
      return DIVERT_EXIT_DONE;
    }
  if (g_str_equal (argv[1], "--version"))
    {
      g_print ("nm-divert %s\n", DIVERT_VERSION);
      return DIVERT_EXIT_DONE;
    }

  command = find_command (argv[1]);
  if (!command)
    {
      g_autofree char *name = divert_escape (argv[1]);

      divert_command_complain (_("unknown command: '%s'"), name);
      g_printerr (_("Try 'nm-divert --help'.\n"));
      return DIVERT_EXIT_USAGE;
    }
  return command->run (command, argv + 1);
}
