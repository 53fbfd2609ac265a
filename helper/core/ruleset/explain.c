/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the packet that a person asks about: parsing it, and preparing it for the walk.
 *
 * It is the first packet of a connection that an ordinary program opens.  So it has a socket whose
 * group is not the proxy's, it has no mark, and over TCP it is a plain SYN.  Its source port is not
 * one of the privileged ones in the rules.
 */
#include "explain.h"

#include "core/words/protocol.h"
#include "fence.h"

#include <glib/gi18n-lib.h>
#include <netinet/in.h>
#include <string.h>

static DivertSample
make_sample (const DivertPacket *packet)
{
  return (DivertSample) {
    .has_source = packet->has_source,
    .source = packet->source,
    .destination = packet->destination,
    .source_type = DIVERT_ADDRTYPE_LOCAL,
    .destination_type = packet->destination_type,
    .protocol = packet->protocol,
    .sport = packet->sport,
    .dport = packet->port,
    .interface = packet->out_interface,
  };
}

/* What a rule gives another mark is routed again.  Nothing else gets out of the fence. */
static void
walk (const DivertRuleset *ruleset,
      DivertSample        *sample,
      DivertExplanation   *ret_explanation)
{
  const guint32 mark = sample->mark;
  g_auto(DivertWalker) walker;

  divert_walker_init (&walker, ruleset);
  divert_walker_send (&walker, sample, ret_explanation);
  if (ret_explanation->path == DIVERT_PATH_DIRECT && sample->mark == mark &&
      g_str_equal (sample->interface, DIVERT_FENCE_DEVICE))
    ret_explanation->path = DIVERT_PATH_BLOCK;
}

/* What the rules leave alone still meets the fence. */
static void
explain_forwarded (const DivertRuleset *ruleset,
                   const DivertPacket  *packet,
                   DivertSample        *sample,
                   DivertExplanation   *ret_explanation)
{
  g_auto(DivertWalker) walker;

  divert_walker_init (&walker, ruleset);
  sample->source_type = 0;
  sample->interface = packet->in_interface;
  /* On its way there, the fence has it before the guard. */
  if (packet->out_interface[0] != '\0' && !g_str_equal (packet->out_interface, DIVERT_FENCE_DEVICE))
    sample->leaves_by = packet->out_interface;
  sample->tcp_flags = DIVERT_TCP_SYN;
  sample->is_tracked = TRUE;
  sample->is_first = TRUE;
  divert_walker_forward (&walker, sample, ret_explanation);
  if (ret_explanation->path == DIVERT_PATH_DIRECT && g_str_equal (packet->out_interface, DIVERT_FENCE_DEVICE))
    *ret_explanation = (DivertExplanation) { .path = DIVERT_PATH_BLOCK };
}

void
divert_explain (const DivertRuleset *ruleset,
                const DivertPacket  *packet,
                DivertExplanation   *ret_explanation)
{
  DivertSample sample = make_sample (packet);

  if (packet->in_interface[0] != '\0')
    {
      explain_forwarded (ruleset, packet, &sample, ret_explanation);
      return;
    }
  sample.tcp_flags = DIVERT_TCP_SYN;
  sample.has_socket = TRUE;
  sample.gid = DIVERT_GID_OTHER;
  sample.is_tracked = TRUE;
  sample.is_first = TRUE;
  walk (ruleset, &sample, ret_explanation);
}

/* The hook DNS has seen the first packet, and what it decided then is done to the next ones as well.  Another port than
 * that of DNS was replaced by somebody else's NAT, as docker does it for a published port. */
void
divert_explain_flow (const DivertRuleset   *ruleset,
                     const DivertPacket    *packet,
                     const DivertFlowState *flow,
                     DivertExplanation     *ret_explanation)
{
  DivertSample sample = make_sample (packet);

  sample.tcp_flags = DIVERT_TCP_ACK;
  sample.has_socket = flow->has_socket;
  sample.gid = flow->gid;
  sample.cgroup = flow->cgroup;
  sample.mark = flow->mark;
  sample.is_tracked = TRUE;
  sample.connmark = flow->connmark;
  sample.is_first = !flow->is_tracked;
  walk (ruleset, &sample, ret_explanation);
  if (flow->redirected_to == 0 || packet->port != DIVERT_DNS_PORT)
    return;
  ret_explanation->path = flow->redirected_to == DIVERT_PORT_CLOSED ? DIVERT_PATH_BLOCK : DIVERT_PATH_DNS;
  ret_explanation->port = flow->redirected_to == DIVERT_PORT_CLOSED ? 0 : flow->redirected_to;
}

void
divert_rule_text_clear (DivertRuleText *text)
{
  g_clear_pointer (&text->table, g_free);
  g_clear_pointer (&text->chain, g_free);
  g_clear_pointer (&text->text, g_free);
}

const char *
divert_path_name (DivertPath path)
{
  static const char *const names[] = {
    [DIVERT_PATH_DIRECT] = "direct",
    [DIVERT_PATH_DIVERT] = "divert",
    [DIVERT_PATH_DNS] = "dns",
    [DIVERT_PATH_BLOCK] = "block",
  };

  return names[path];
}

static gboolean
parse_port (const char *text,
            guint16    *ret_port)
{
  guint64 port;

  if (!g_ascii_string_to_unsigned (text, 10, 1, G_MAXUINT16, &port, NULL))
    return FALSE;
  *ret_port = port;
  return TRUE;
}

gboolean
divert_protocol_parse (const char   *text,
                       DivertFamily  family,
                       guint8       *ret_protocol)
{
  if (g_str_equal (text, "tcp"))
    *ret_protocol = IPPROTO_TCP;
  else if (g_str_equal (text, "udp"))
    *ret_protocol = IPPROTO_UDP;
  else if (g_str_equal (text, "icmp"))
    *ret_protocol = family == DIVERT_FAMILY_IPV6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
  else
    return FALSE;
  return TRUE;
}

/* Splits @rest into address and port: "[v6]:port", "v4:port", or only an address. */
static void
cut_port (char  *rest,
          char **ret_address,
          char **ret_port)
{
  char *colon;

  *ret_address = rest;
  *ret_port = NULL;
  if (rest[0] == '[')
    {
      char *close = strchr (rest, ']');

      if (close == NULL)
        return;
      *close = '\0';
      *ret_address = rest + 1;
      if (close[1] == ':')
        *ret_port = close + 2;
      else if (close[1] != '\0')
        *ret_port = close + 1;
      return;
    }
  colon = strchr (rest, ':');
  if (colon != NULL && strchr (colon + 1, ':') == NULL)
    {
      *colon = '\0';
      *ret_port = colon + 1;
    }
}

gboolean
divert_packet_parse (const char    *text,
                     DivertPacket  *ret_packet,
                     GError       **error)
{
  g_autofree char *rest = g_strndup (text, 128);
  g_autofree char *shown = divert_escape (text);
  DivertPacket packet = { .protocol = IPPROTO_TCP };
  char *slash = strrchr (rest, '/'), *address, *port;

  if (slash != NULL)
    *slash = '\0';
  cut_port (rest, &address, &port);
  if (!divert_address_parse (address, &packet.destination, NULL))
    {
      g_set_error (error, DIVERT_PREFIX_ERROR, DIVERT_PREFIX_ERROR_SYNTAX, _("not an address: '%s'"), shown);
      return FALSE;
    }
  if (port != NULL && !parse_port (port, &packet.port))
    {
      g_set_error (error, DIVERT_PREFIX_ERROR, DIVERT_PREFIX_ERROR_SYNTAX, _("not a port: '%s'"), shown);
      return FALSE;
    }
  if (slash != NULL && !divert_protocol_parse (slash + 1, packet.destination.family, &packet.protocol))
    {
      g_set_error (error, DIVERT_PREFIX_ERROR, DIVERT_PREFIX_ERROR_SYNTAX, _("not tcp, udp or icmp: '%s'"), shown);
      return FALSE;
    }
  *ret_packet = packet;
  return TRUE;
}
