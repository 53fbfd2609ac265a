/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The probe's command line: a table of commands, and the options they share.
 */
#include "probe.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct
{
  const char *name;
  int         n_arguments; /* at least */
  int (*run) (char **arguments, const ProbeOptions *options);
  const char *usage;
} Command;

static const Command commands[] = {
  { "ask", 3, probe_ask, "ask tcp|udp ADDRESS PORT" },
  { "dns", 3, probe_dns, "dns tcp|udp ADDRESS NAME" },
  { "upload", 3, probe_upload, "upload ADDRESS PORT BYTES" },
  { "serve", 3, probe_serve, "serve NAME LOG PORT…   (port 53 speaks DNS)" },
  { "sink", 2, probe_sink, "sink LOG PORT" },
  { "stream", 5, probe_stream, "stream tcp|udp ADDRESS PORT RATE SECONDS" },
  { "hold", 3, probe_hold, "hold tcp|udp ADDRESS PORT" },
  { "wire", 2, probe_wire, "wire DEVICE ADDRESS…" },
};

static void
print_usage (FILE *out)
{
  fprintf (out, "usage: probe COMMAND [OPTION…]\n");
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
    fprintf (out, "  %s\n", commands[i].usage);
  fprintf (out, "options: --timeout MS  --source ADDRESS  --bind-device DEVICE  --unicast-if DEVICE"
                "  --mark MARK  --from-port PORT  --chat MS  --seconds S\n");
}

int
main (int argc, char **argv)
{
  static const struct option long_options[] = {
    { "timeout", required_argument, NULL, 't' },  { "source", required_argument, NULL, 's' },
    { "bind-device", required_argument, NULL, 'd' }, { "unicast-if", required_argument, NULL, 'u' },
    { "mark", required_argument, NULL, 'm' },     { "from-port", required_argument, NULL, 'p' },
    { "chat", required_argument, NULL, 'c' },     { "seconds", required_argument, NULL, 'S' },
    { "help", no_argument, NULL, 'h' },           { NULL, 0, NULL, 0 },
  };
  ProbeOptions options = { .timeout_ms = 2000 };
  int option;

  while ((option = getopt_long (argc, argv, "", long_options, NULL)) != -1)
    switch (option)
      {
      case 't': options.timeout_ms = (int) probe_parse_number (optarg, 600000); break;
      case 's': options.source = optarg; break;
      case 'd': options.device = optarg; break;
      case 'u': options.unicast_if = optarg; break;
      case 'm': options.mark = (uint32_t) probe_parse_number (optarg, UINT32_MAX); break;
      case 'p': options.from_port = (uint16_t) probe_parse_number (optarg, UINT16_MAX); break;
      case 'c': options.chat_ms = (int) probe_parse_number (optarg, 60000); break;
      case 'S': options.seconds = (int) probe_parse_number (optarg, 600); break;
      case 'h': print_usage (stdout); return 0;
      default: print_usage (stderr); return 2;
      }

  /* If a peer goes away, that is a result to report, not a reason to die. */
  signal (SIGPIPE, SIG_IGN);
  setvbuf (stdout, NULL, _IOLBF, 0);

  for (size_t i = 0; optind < argc && i < sizeof commands / sizeof *commands; i++)
    if (strcmp (argv[optind], commands[i].name) == 0 && argc - optind - 1 >= commands[i].n_arguments)
      return commands[i].run (argv + optind + 1, &options);
  print_usage (stderr);
  return 2;
}
