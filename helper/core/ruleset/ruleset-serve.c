/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: SERVE, which remembers that somebody wrote to a program that serves here, so that the
 * answer goes back the way the question came.  The theory is at the head of ruleset.c.
 */
#include "ruleset-private.h"

/* The ports that a socket only gets if it asks for them, and those that a person named. */
static GArray *
collect_ports (const DivertMaker *m)
{
  g_autoptr(GArray) ports = divert_ports_new ();
  const DivertPorts ephemeral = divert_ports_know_ephemeral (m->ephemeral);

  if (ephemeral.first > 1)
    divert_ports_add (ports, 1, ephemeral.first - 1);
  if (ephemeral.last < G_MAXUINT16)
    divert_ports_add (ports, ephemeral.last + 1, G_MAXUINT16);
  g_array_append_vals (ports, m->config->serve->data, m->config->serve->len);
  return divert_ports_merge (ports);
}

static DivertRule *
add_remembering (const DivertMaker *m,
                 guint              protocols,
                 DivertReceiver     receiver,
                 guint32            value)
{
  DivertRule *rule = divert_maker_add (m, DIVERT_CHAIN_SERVE, DIVERT_VERDICT_CONNMARK, NULL);

  rule->protocols = protocols;
  rule->receiver = receiver;
  divert_maker_set_mark (m, rule, value);
  return rule;
}

/* Nearly everything that arrives is for clients, so let it go on at once. */
static void
add_clients (const DivertMaker *m,
             const GArray      *ports)
{
  g_autoptr(GArray) others = divert_ports_invert (ports);
  static const DivertProtocol protocols[] = { DIVERT_PROTOCOL_TCP, DIVERT_PROTOCOL_UDP };

  for (guint i = 0; others->len > 0 && i < G_N_ELEMENTS (protocols); i++)
    {
      DivertRule *rule = divert_maker_add (m, DIVERT_CHAIN_SERVE, DIVERT_VERDICT_LEAVE, NULL);

      /* A listener can have any port. */
      if (protocols[i] == DIVERT_PROTOCOL_TCP)
        {
          divert_rule_match_opening (rule);
          rule->tcp_flags_invert = TRUE;
        }
      rule->protocols = protocols[i];
      rule->dports = g_array_ref (others);
    }
}

static void
add_listeners (const DivertMaker *m)
{
  const struct
  {
    DivertReceiver receiver;
    guint32        value;
  } steps[] = {
    /* A listener on all addresses can be recognised: a connection always has an address, and a connecting
     * socket gets its address before it sends a SYN.  There is no match for "not bound", so mark for any
     * socket, then unmark for bound ones. */
    { DIVERT_RECEIVER_SOMEBODY, m->spare },
    { DIVERT_RECEIVER_BOUND, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    divert_rule_match_opening (add_remembering (m, DIVERT_PROTOCOL_TCP, steps[i].receiver, steps[i].value));
}

void
divert_ruleset_make_serve (const DivertMaker *m)
{
  g_autoptr(GArray) ports = collect_ports (m);
  DivertRule *rule;

  if (m->spare == 0)
    return;
  add_clients (m, ports);
  rule = divert_maker_add_leave (m, DIVERT_CHAIN_SERVE, NULL);
  divert_match_mark (&rule->connmark, 0, m->config->mask, TRUE);
  add_listeners (m);
  if (m->served == 0)
    return;
  rule = add_remembering (m, DIVERT_PROTOCOLS_TCP_UDP, DIVERT_RECEIVER_SOMEBODY, m->served);
  rule->dports = g_steal_pointer (&ports);
  divert_match_mark (&rule->connmark, 0, m->config->mask, FALSE);
}
