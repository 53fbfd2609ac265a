/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What all subcommands of nm-divert share: the entry in main.c's table, parsing the command line, and the exit codes
 * that scripts depend on.
 */
#pragma once

#include <glib.h>

#include "core/place/mode.h"

G_BEGIN_DECLS

/* The exit codes of nm-divert(1). */
typedef enum
{
  DIVERT_EXIT_DONE           = 0,
  DIVERT_EXIT_FAILED         = 1,
  DIVERT_EXIT_USAGE          = 2,
  DIVERT_EXIT_NOT_AUTHORIZED = 3,
  DIVERT_EXIT_UNREACHABLE    = 4,
} DivertExitCode;

typedef struct DivertCommand DivertCommand;

struct DivertCommand
{
  const char *name;
  const char *arguments; /* the positional ones, for usage: "SITE"; an N_() msgid, "" if none */
  const char *summary;   /* an N_() msgid; NULL: not shown to people */
  DivertExitCode (*run) (const DivertCommand *command, char **arguments);
};

DivertExitCode divert_cmd_check_config (const DivertCommand *command, char **arguments);
DivertExitCode divert_cmd_complete (const DivertCommand *command, char **arguments);
DivertExitCode divert_cmd_doctor (const DivertCommand *command, char **arguments);
DivertExitCode divert_cmd_explain (const DivertCommand *command, char **arguments);
DivertExitCode divert_cmd_forget (const DivertCommand *command, char **arguments);
DivertExitCode divert_cmd_plan (const DivertCommand *command, char **arguments);
DivertExitCode divert_cmd_reload (const DivertCommand *command, char **arguments);
DivertExitCode divert_cmd_status (const DivertCommand *command, char **arguments);
DivertExitCode divert_cmd_switch (const DivertCommand *command, char **arguments);
DivertExitCode divert_cmd_trust (const DivertCommand *command, char **arguments);

/* Reads the options of @command from @arguments (which starts with the command's own name).  Returns the positional
 * arguments, at least @min and at most @max, all valid UTF-8.  @description (an N_() msgid, may be NULL) ends the
 * --help text.  NULL: the mistake has been reported; return DIVERT_EXIT_USAGE. */
char     **divert_command_parse (const DivertCommand *command, const GOptionEntry *entries, const char *description,
                                 guint min, guint max, char **arguments);

/* Parses the value of --as.  NULL: the mistake has been reported. */
DivertMode *divert_command_parse_place (const DivertCommand *command, const char *text);

/* Prints "nm-divert: MESSAGE" on the standard error output.  The caller translates it. */
void       divert_command_complain (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* Complains about the command line, with a pointer to --help.  Returns DIVERT_EXIT_USAGE. */
DivertExitCode divert_command_misuse (const DivertCommand *command, const char *format, ...) G_GNUC_PRINTF (2, 3);

G_END_DECLS
