/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-divert explain: asks the helper to send an imaginary packet through its rules, and what became of a running flow.
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

/* What the command line asks for. */
typedef struct
{
  DivertPacket packet;
  const char  *shown;   /* as it was typed */
  const char  *mode;    /* the place to suppose; NULL: the current one */
  const char  *from;    /* who sends it, as it was typed; NULL: this machine */
  const char  *flow;    /* whence the running flow comes, as it was typed; NULL: none */
} Question;

static GVariant *
ask (GDBusConnection  *bus,
     const Question   *question,
     const char       *address,
     GError          **error)
{
  const DivertPacket *packet = &question->packet;
  const char *protocol = protocol_name (packet->protocol);
  g_autofree char *source = NULL;

  if (question->from)
    return divert_client_get (bus, "ExplainFrom",
                              g_variant_new ("(sssus)", question->from, question->mode ? question->mode : "", address,
                                             (guint) packet->port, protocol), error);
  if (question->mode)
    return divert_client_get (bus, "ExplainAs",
                              g_variant_new ("(ssus)", question->mode, address, (guint) packet->port, protocol), error);
  if (!question->flow)
    return divert_client_get (bus, "Explain", g_variant_new ("(sus)", address, (guint) packet->port, protocol), error);
  source = divert_prefix_to_string (&packet->source);
  return divert_client_get (bus, "ExplainFlow",
                            g_variant_new ("(susus)", source, (guint) packet->sport, address, (guint) packet->port,
                                           protocol),
                            error);
}

static DivertExitCode
explain (const Question *question,
         gboolean        json)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GDBusConnection) bus = divert_client_connect (&error);
  const DivertPacket *packet = &question->packet;
  g_autofree char *address = divert_prefix_to_string (&packet->destination);
  g_autoptr(GVariant) explanation = NULL;
  g_autofree char *text = NULL;

  if (!bus)
    return divert_client_report (error);
  explanation = ask (bus, question, address, &error);
  if (!explanation)
    return divert_client_report (error);
  if (json)
    {
      text = divert_json_explanation (explanation, address, packet->port, protocol_name (packet->protocol));
      fputs (text, stdout);
      fputc ('\n', stdout);
      return DIVERT_EXIT_DONE;
    }
  text = divert_view_explanation (explanation, question->shown, question->flow);
  g_print ("%s", text);
  return DIVERT_EXIT_DONE;
}

/* Complains about a packet, a source, or both together; FALSE. */
static gboolean
misuse (const DivertCommand *command,
        const char          *message)
{
  g_autofree char *shown = divert_printable (message, DIVERT_PRINTABLE_LINE);

  divert_command_misuse (command, "%s", shown);
  return FALSE;
}

/* Takes the source of a flow from @text. */
static gboolean
parse_source (const DivertCommand *command,
              const char          *text,
              DivertPacket        *packet)
{
  g_autoptr(GError) error = NULL;
  DivertPacket source;

  if (!divert_packet_parse (text, &source, &error))
    return misuse (command, error->message);
  if (source.port == 0 || packet->port == 0)
    return misuse (command, _("a flow has a port on either side"));
  if (packet->protocol != IPPROTO_TCP && packet->protocol != IPPROTO_UDP)
    return misuse (command, _("a flow is one of tcp or udp"));
  if (source.destination.family != packet->destination.family)
    return misuse (command, _("a flow has addresses of the same kind on either side"));
  packet->has_source = TRUE;
  packet->source = source.destination;
  packet->sport = source.port;
  return TRUE;
}

DivertExitCode
divert_cmd_explain (const DivertCommand *command,
                    char               **arguments)
{
  g_autofree char *place = NULL, *flow = NULL, *from = NULL;
  gboolean json = FALSE;
  const GOptionEntry entries[] = {
    { "as", 0, 0, G_OPTION_ARG_FILENAME, &place, N_("Suppose this place: away, off, or a site's name"), N_("PLACE") },
    { "flow", 0, 0, G_OPTION_ARG_FILENAME, &flow, N_("Also tell about the running flow from this ADDRESS:PORT"),
      N_("SOURCE") },
    { "from", 0, 0, G_OPTION_ARG_STRING, &from,
      N_("A packet that is forwarded for somebody behind this device, or with this address"), N_("DEVICE|ADDRESS") },
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_("Print JSON, as nm-divert(1) documents it"), NULL },
    { 0 },
  };
  g_auto(GStrv) rest = divert_command_parse (command, entries,
                                             N_("An IPv6 address with a port is written [ADDRESS]:PORT. "
                                                "The protocol is tcp unless given. "
                                                "--flow excludes --as and --from."),
                                             1, 1, arguments);
  g_autoptr(DivertMode) mode = NULL;
  g_autoptr(GError) error = NULL;
  Question question = { 0 };

  if (!rest)
    return DIVERT_EXIT_USAGE;
  question.shown = rest[0];
  question.flow = flow;
  question.from = from;
  if (!divert_packet_parse (rest[0], &question.packet, &error))
    {
      misuse (command, error->message);
      return DIVERT_EXIT_USAGE;
    }
  if (place && flow)
    return divert_command_misuse (command, _("--flow and --as exclude each other"));
  if (from && flow)
    return divert_command_misuse (command, _("--flow and --from exclude each other"));
  if (flow && !parse_source (command, flow, &question.packet))
    return DIVERT_EXIT_USAGE;
  if (place && !(mode = divert_command_parse_place (command, place)))
    return DIVERT_EXIT_USAGE;
  question.mode = mode ? divert_mode_get_name (mode) : NULL;
  return explain (&question, json);
}
