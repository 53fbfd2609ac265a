/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: walking a packet through a ruleset, hook by hook.
 *
 * The packet is the first of a connection that an ordinary program opens: it has a
 * socket of a group that is not the proxy's, no mark, and, over TCP, SYN alone.
 */
#include "explain.h"

#include <glib/gi18n-lib.h>
#include <netinet/in.h>
#include <string.h>

#define TCP_SYN 0x02
/* Deeper than any ruleset's chains are nested; a loop would end here. */
#define MAX_DEPTH 64

typedef struct
{
  const DivertRuleset *ruleset;
  const DivertPacket  *packet;
  const char          *in_interface;
  const char          *out_interface;
  guint32              mark;
  guint32              connmark;
  const DivertRule    *marked_by;  /* the last rule that set the packet's mark */
  const DivertRule    *decided_by; /* the last rule that ended our work */
} Walk;

typedef enum
{
  OUTCOME_NONE,   /* the end of a chain */
  OUTCOME_LEFT,
  OUTCOME_DROPPED,
  OUTCOME_STOLEN, /* TPROXY, REDIRECT: decided */
} Outcome;

static gboolean
match_mark (const DivertMarkMatch *match,
            guint32                mark)
{
  return !match->has || ((mark & match->mask) == match->value) != match->invert;
}

static gboolean
match_interface (const char *wanted,
                 gboolean    invert,
                 const char *actual)
{
  return wanted[0] == '\0' || g_str_equal (wanted, actual) != invert;
}

static gboolean
match_protocol (guint               protocols,
                const DivertPacket *packet)
{
  for (guint i = 0; i < DIVERT_N_PROTOCOLS; i++)
    if ((protocols & (1u << i)) != 0 && divert_protocol_number (1 << i, packet->destination.family) == packet->protocol)
      return TRUE;
  return protocols == 0;
}

static gboolean
match_prefixes (const GArray       *prefixes,
                gboolean            packet_has,
                const DivertPrefix *address)
{
  return prefixes == NULL || (packet_has && divert_prefixes_contain (prefixes, address));
}

static gboolean
matches (const Walk       *walk,
         const DivertRule *rule)
{
  const DivertPacket *packet = walk->packet;

  if ((rule->families & (1 << packet->destination.family)) == 0 || !match_protocol (rule->protocols, packet))
    return FALSE;
  if (!match_interface (rule->in_interface, FALSE, walk->in_interface) ||
      !match_interface (rule->out_interface, rule->out_invert, walk->out_interface))
    return FALSE;
  if (!match_prefixes (rule->sources, packet->has_source, &packet->source) ||
      !match_prefixes (rule->destinations, TRUE, &packet->destination))
    return FALSE;
  /* An ordinary program's port is none of the privileged ones that rules name. */
  if (rule->sport != 0 || (rule->dport != 0 && rule->dport != packet->port))
    return FALSE;
  if (rule->has_tcp_flags && ((TCP_SYN & rule->tcp_flags_mask) == rule->tcp_flags_value) == rule->tcp_flags_invert)
    return FALSE;
  if (rule->icmpv6_type != 0)
    return FALSE;
  if (!match_mark (&rule->mark, walk->mark) || !match_mark (&rule->connmark, walk->connmark))
    return FALSE;
  if (rule->ctdir == DIVERT_CTDIR_REPLY || rule->not_new || rule->has_gid || rule->no_socket)
    return FALSE;
  if (rule->dst_types != 0 && (rule->dst_types & packet->destination_type) == 0)
    return FALSE;
  return TRUE;
}

static Outcome
walk_chain (Walk        *walk,
            DivertChain  chain,
            guint        depth)
{
  for (guint i = 0; i < walk->ruleset->rules->len && depth < MAX_DEPTH; i++)
    {
      const DivertRule *rule = g_ptr_array_index (walk->ruleset->rules, i);
      Outcome outcome;

      if (rule->chain != chain || !matches (walk, rule))
        continue;
      switch (rule->verdict)
        {
        case DIVERT_VERDICT_LEAVE:
          walk->decided_by = rule;
          return OUTCOME_LEFT;
        case DIVERT_VERDICT_DROP:
          walk->decided_by = rule;
          return OUTCOME_DROPPED;
        case DIVERT_VERDICT_GOTO:
          return walk_chain (walk, rule->to, depth + 1);
        case DIVERT_VERDICT_JUMP:
          outcome = walk_chain (walk, rule->to, depth + 1);
          if (outcome != OUTCOME_NONE)
            return outcome;
          break;
        case DIVERT_VERDICT_MARK:
          walk->mark = (walk->mark & ~rule->mask) | rule->value;
          walk->marked_by = rule;
          break;
        case DIVERT_VERDICT_CONNMARK:
          walk->connmark = (walk->connmark & ~rule->mask) | rule->value;
          break;
        case DIVERT_VERDICT_TPROXY:
        case DIVERT_VERDICT_REDIRECT:
          walk->decided_by = rule;
          return OUTCOME_STOLEN;
        default:
          g_assert_not_reached ();
        }
    }
  return OUTCOME_NONE;
}

static void
conclude (DivertExplanation *ret_explanation,
          DivertPath         path,
          const DivertRule  *rule,
          guint16            port)
{
  ret_explanation->path = path;
  ret_explanation->rule = rule;
  ret_explanation->port = port;
}

void
divert_explain (const DivertRuleset *ruleset,
                const DivertPacket  *packet,
                DivertExplanation   *ret_explanation)
{
  Walk walk = { .ruleset = ruleset, .packet = packet, .in_interface = "" };
  const DivertRule *output;

  walk.out_interface = (packet->destination_type & DIVERT_ADDRTYPE_LOCAL) != 0 ? "lo" : packet->out_interface;
  if (walk_chain (&walk, DIVERT_HOOK_OUTPUT, 0) == OUTCOME_DROPPED)
    {
      conclude (ret_explanation, DIVERT_PATH_BLOCK, walk.decided_by, 0);
      return;
    }

  output = walk.decided_by;
  if (walk.mark != 0)
    {
      /* The ip rule takes it to lo, where it comes in again. */
      walk.in_interface = "lo";
      walk.out_interface = "";
      if (walk_chain (&walk, DIVERT_HOOK_DELIVER, 0) == OUTCOME_STOLEN)
        conclude (ret_explanation, DIVERT_PATH_DIVERT, walk.marked_by, walk.decided_by->port);
      else
        conclude (ret_explanation, DIVERT_PATH_BLOCK, walk.decided_by, 0);
      return;
    }

  walk.decided_by = NULL;
  if (walk_chain (&walk, DIVERT_HOOK_DNS, 0) == OUTCOME_STOLEN)
    {
      conclude (ret_explanation, DIVERT_PATH_DNS, walk.decided_by, walk.decided_by->port);
      return;
    }
  conclude (ret_explanation, DIVERT_PATH_DIRECT, output, 0);
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

/* Cuts @rest into address and port: "[v6]:port", "v4:port", or an address alone. */
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
