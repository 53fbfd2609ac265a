/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: which arguments are valid.  An argument is echoed only after it has been cut and escaped.
 */
#include "arguments.h"

#include <netinet/in.h>

#include "dbus-names.h"
#include "dispatcher-actions.h"

#define MAX_EXPIRY (366 * 24 * 60 * 60) /* seconds from now */

static gboolean
refuse (GDBusMethodInvocation *invocation,
        const char            *name,
        const char            *problem,
        const char            *value)
{
  g_autofree char *escaped = divert_escape (value);
  g_autofree char *message = g_strdup_printf ("%s: '%s'", problem, escaped);

  g_dbus_method_invocation_return_dbus_error (invocation, name, message);
  return FALSE;
}

gboolean
divert_arguments_event (GDBusMethodInvocation *invocation,
                        const char            *event,
                        const char           **ret_event,
                        gboolean              *ret_settle)
{
  /* "manual" comes from a person or a script. */
  static const char *const events[] = { "manual", DIVERT_DISPATCHER_ACTIONS };

  for (guint i = 0; i < G_N_ELEMENTS (events); i++)
    if (g_str_equal (event, events[i]))
      {
        *ret_event = events[i];
        /* Applications hear of the network after pre-up, so wait for the proofs first. */
        *ret_settle = g_str_equal (event, "pre-up") || g_str_equal (event, "manual");
        return TRUE;
      }
  return refuse (invocation, DIVERT_DBUS_ERROR_INVALID_ARGUMENT, "unknown event", event);
}

gboolean
divert_arguments_mode (GDBusMethodInvocation *invocation,
                       const DivertConfig    *config,
                       const char            *mode,
                       guint64                expires,
                       DivertMode           **ret_mode)
{
  g_autoptr(DivertMode) parsed = divert_mode_parse (mode);
  guint64 now = g_get_real_time () / G_USEC_PER_SEC;

  if (parsed == NULL)
    return refuse (invocation, DIVERT_DBUS_ERROR_INVALID_ARGUMENT, "not a mode", mode);
  if (parsed->kind == DIVERT_MODE_SITE && divert_config_find_site (config, parsed->site) == NULL)
    return refuse (invocation, DIVERT_DBUS_ERROR_UNKNOWN_SITE, "unknown site", mode);
  if (expires != 0 && (expires <= now || expires > now + MAX_EXPIRY))
    {
      g_autofree char *text = g_strdup_printf ("%" G_GUINT64_FORMAT, expires);

      return refuse (invocation, DIVERT_DBUS_ERROR_INVALID_ARGUMENT, "not a time within the next year", text);
    }
  parsed->expires = expires;
  *ret_mode = g_steal_pointer (&parsed);
  return TRUE;
}

gboolean
divert_arguments_place (GDBusMethodInvocation *invocation,
                        const DivertConfig    *config,
                        const char            *place,
                        DivertMode           **ret_mode)
{
  g_autoptr(DivertMode) parsed = divert_mode_parse (place);

  /* For auto, the place depends on where we are. */
  if (parsed != NULL && parsed->kind == DIVERT_MODE_AUTO)
    return refuse (invocation, DIVERT_DBUS_ERROR_INVALID_ARGUMENT, "not a place", place);
  return divert_arguments_mode (invocation, config, place, 0, ret_mode);
}

void
divert_arguments_refuse_backend (GDBusMethodInvocation *invocation,
                                 const char            *backend)
{
  refuse (invocation, DIVERT_DBUS_ERROR_INVALID_ARGUMENT, "unknown backend", backend);
}

void
divert_arguments_refuse_sender (GDBusMethodInvocation *invocation,
                                const char            *from)
{
  refuse (invocation, DIVERT_DBUS_ERROR_INVALID_ARGUMENT,
          "neither a device nor another machine's address in the network of one", from);
}

gboolean
divert_arguments_site (GDBusMethodInvocation *invocation,
                       const char            *site)
{
  if (divert_site_name_is_valid (site))
    return TRUE;
  return refuse (invocation, DIVERT_DBUS_ERROR_INVALID_ARGUMENT, "not a site's name", site);
}

gboolean
divert_arguments_uuid (GDBusMethodInvocation *invocation,
                       const char            *uuid,
                       gboolean               may_be_empty)
{
  if ((may_be_empty && uuid[0] == '\0') || g_uuid_string_is_valid (uuid))
    return TRUE;
  return refuse (invocation, DIVERT_DBUS_ERROR_INVALID_ARGUMENT, "not a UUID", uuid);
}

/* @least: 0 if there need not be one. */
static gboolean
check_port (GDBusMethodInvocation *invocation,
            guint                  port,
            guint                  least)
{
  g_autofree char *text = NULL;

  if (port >= least && port <= G_MAXUINT16)
    return TRUE;
  text = g_strdup_printf ("%u", port);
  return refuse (invocation, DIVERT_DBUS_ERROR_INVALID_ARGUMENT, "not a port", text);
}

gboolean
divert_arguments_packet (GDBusMethodInvocation *invocation,
                         const char            *address,
                         guint                  port,
                         const char            *protocol,
                         DivertPacket          *ret_packet)
{
  DivertPacket packet = { 0 };

  if (!divert_address_parse (address, &packet.destination, NULL))
    return refuse (invocation, DIVERT_DBUS_ERROR_INVALID_ARGUMENT, "not an address", address);
  if (!check_port (invocation, port, 0))
    return FALSE;
  if (!divert_protocol_parse (protocol, packet.destination.family, &packet.protocol))
    return refuse (invocation, DIVERT_DBUS_ERROR_INVALID_ARGUMENT, "not tcp, udp or icmp", protocol);
  packet.port = port;
  *ret_packet = packet;
  return TRUE;
}

gboolean
divert_arguments_flow (GDBusMethodInvocation *invocation,
                       const char            *source,
                       guint                  sport,
                       const char            *address,
                       guint                  port,
                       const char            *protocol,
                       DivertPacket          *ret_packet)
{
  DivertPacket packet;

  if (!divert_arguments_packet (invocation, address, port, protocol, &packet))
    return FALSE;
  if (packet.port == 0 || (packet.protocol != IPPROTO_TCP && packet.protocol != IPPROTO_UDP))
    return refuse (invocation, DIVERT_DBUS_ERROR_INVALID_ARGUMENT, "a flow needs a port of TCP or UDP", address);
  if (!divert_address_parse (source, &packet.source, NULL) || packet.source.family != packet.destination.family)
    return refuse (invocation, DIVERT_DBUS_ERROR_INVALID_ARGUMENT, "not an address of the same kind", source);
  if (!check_port (invocation, sport, 1))
    return FALSE;
  packet.has_source = TRUE;
  packet.sport = sport;
  *ret_packet = packet;
  return TRUE;
}
