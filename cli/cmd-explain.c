/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-divert explain: asks the helper to send an imaginary packet through its rules.
 */
#include "divert-config.h"

#include <netinet/in.h>
#include <stdio.h>

#include <glib/gi18n.h>

#include "client.h"
#include "core/place/mode.h"
#include "core/ruleset/explain.h"
#include "json.h"
#include "printable.h"
#include "view.h"

static const char *
protocol_name (guint8 protocol)
{
  return protocol == IPPROTO_TCP ? "tcp" : protocol == IPPROTO_UDP ? "udp" : "icmp";
}

static DivertExitCode
explain (const DivertPacket *packet,
         const char         *asked,
         const char         *mode,
         gboolean            json)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GDBusConnection) bus = divert_client_connect (&error);
  g_autofree char *address = divert_prefix_to_string (&packet->destination);
  const char *protocol = protocol_name (packet->protocol);
  g_autoptr(GVariant) explanation = NULL;
  g_autofree char *text = NULL;

  if (!bus)
    return divert_client_report (error);
  if (mode)
    explanation = divert_client_get (bus, "ExplainAs",
                                     g_variant_new ("(ssus)", mode, address, (guint) packet->port, protocol), &error);
  else
    explanation = divert_client_get (bus, "Explain", g_variant_new ("(sus)", address, (guint) packet->port, protocol),
                                     &error);
  if (!explanation)
    return divert_client_report (error);
  if (json)
    {
      text = divert_json_explanation (explanation, address, packet->port, protocol);
      fputs (text, stdout);
      fputc ('\n', stdout);
      return DIVERT_EXIT_DONE;
    }
  text = divert_view_explanation (explanation, asked);
  g_print ("%s", text);
  return DIVERT_EXIT_DONE;
}

DivertExitCode
divert_cmd_explain (const DivertCommand *command,
                    char               **arguments)
{
  g_autofree char *place = NULL;
  gboolean json = FALSE;
  const GOptionEntry entries[] = {
    { "as", 0, 0, G_OPTION_ARG_FILENAME, &place, N_("Suppose this place: away, off, or a site's name"), N_("PLACE") },
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_("Print JSON, as nm-divert(1) documents it"), NULL },
    { 0 },
  };
  g_auto(GStrv) rest = divert_command_parse (command, entries,
                                             N_("An IPv6 address with a port is written [ADDRESS]:PORT. "
                                                "The protocol is tcp unless given."),
                                             1, 1, arguments);
  g_autoptr(DivertMode) mode = NULL;
  g_autoptr(GError) error = NULL;
  DivertPacket packet;

  if (!rest)
    return DIVERT_EXIT_USAGE;
  if (!divert_packet_parse (rest[0], &packet, &error))
    {
      g_autofree char *shown = divert_printable (error->message, DIVERT_PRINTABLE_LINE);

      return divert_command_misuse (command, "%s", shown);
    }
  if (place && !(mode = divert_command_parse_place (command, place)))
    return DIVERT_EXIT_USAGE;
  return explain (&packet, rest[0], mode ? divert_mode_get_name (mode) : NULL, json);
}
