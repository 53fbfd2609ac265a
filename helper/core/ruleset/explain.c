/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the packet that a person asks about: parsing it, and preparing it for the walk.
 *
 * It is the first packet of a connection that an ordinary program opens.  So it has a socket whose
 * group is not the proxy's, it has no mark, and over TCP it is a plain SYN.  Its source port is not
 * one of the privileged ones in the rules.
 */
#include "explain.h"

#include <glib/gi18n-lib.h>
#include <netinet/in.h>
#include <string.h>

#define TCP_SYN 0x02
/* The kernel's value for "no group"; no process has it. */
#define NO_GROUP G_MAXUINT32

void
divert_explain (const DivertRuleset *ruleset,
                const DivertPacket  *packet,
                DivertExplanation   *ret_explanation)
{
  DivertSample sample = {
    .has_source = packet->has_source,
    .source = packet->source,
    .destination = packet->destination,
    .source_type = DIVERT_ADDRTYPE_LOCAL,
    .destination_type = packet->destination_type,
    .protocol = packet->protocol,
    .dport = packet->port,
    .tcp_flags = TCP_SYN,
    .interface = packet->out_interface,
    .has_socket = TRUE,
    .gid = NO_GROUP,
    .is_tracked = TRUE,
    .is_first = TRUE,
  };

  divert_walk (ruleset, &sample, ret_explanation);
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
