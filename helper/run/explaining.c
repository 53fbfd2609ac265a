/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the answers to "where does this packet go", and which rules they are about.
 *
 * Those are the rules that the kernel has, as far as we know them: the wanted ones, or those of an earlier run, or
 * none.  If somebody has changed them, and they are not mended yet, all we can tell is what is wanted.
 */
#include "explaining.h"

#include <netinet/in.h>

#include "core/ruleset/fence.h"
#include "system/flows/flow.h"
#include "system/netlink/route-lookup.h"

/* A source that is known stays. */
static gboolean
lookup (DivertPacket *packet,
        guint32       mark)
{
  const DivertPacket asked = *packet;
  const gboolean found = divert_lookup_route (packet, mark);

  if (asked.has_source)
    {
      packet->has_source = TRUE;
      packet->source = asked.source;
    }
  return found;
}

/* By the exit of a supposed place.  FALSE: it isn't for the intranet there. */
static gboolean
suppose_route (const DivertDecision *decision,
               DivertPacket         *packet)
{
  const DivertExit *way_out;

  if (decision->exits->len == 0 || !divert_prefixes_contain (decision->direct, &packet->destination))
    return FALSE;
  way_out = g_ptr_array_index (decision->exits, 0);
  g_strlcpy (packet->out_interface, way_out->device, sizeof packet->out_interface);
  for (guint i = 0; i < way_out->sources->len && !packet->has_source; i++)
    {
      const DivertPrefix *source = divert_prefixes_index (way_out->sources, i);

      packet->has_source = source->family == packet->destination.family;
      if (packet->has_source)
        packet->source = *source;
    }
  return TRUE;
}

static gboolean
is_for_intranet (const DivertConfig *config,
                 const DivertPacket *packet)
{
  for (guint i = 0; i < config->sites->len; i++)
    if (divert_prefixes_contain (((const DivertSite *) g_ptr_array_index (config->sites, i))->intranet,
                                 &packet->destination))
      return TRUE;
  return FALSE;
}

/* Where the kernel leads the packet before any rule has seen it, and where it would leave if there were no rules and no
 * fence. */
static void
route (DivertExplaining   *explaining,
       const DivertConfig *config)
{
  DivertPacket *packet = &explaining->packet;
  const gboolean granted = explaining->decision->place == DIVERT_PLACE_SITE &&
                           divert_prefixes_contain (explaining->decision->direct, &packet->destination);
  DivertPacket unfenced;

  if (explaining->supposed)
    {
      if (!suppose_route (explaining->decision, packet))
        lookup (packet, divert_ruleset_get_spare_mark (config));
      unfenced = *packet;
      /* What is forwarded gets no mark that passes the fence. */
      if (packet->in_interface[0] != '\0' && !granted && is_for_intranet (config, packet))
        g_strlcpy (packet->out_interface, DIVERT_FENCE_DEVICE, sizeof packet->out_interface);
    }
  else
    {
      unfenced = *packet;
      lookup (&unfenced, divert_ruleset_get_spare_mark (config));
      lookup (packet, 0);
    }
  g_strlcpy (explaining->device, unfenced.out_interface, sizeof explaining->device);
}

/* If the kernel doesn't lead what has our mark to lo, the guard drops it. */
static void
check_lead (const DivertExplaining *explaining,
            const DivertConfig     *config,
            DivertFate             *fate)
{
  DivertPacket marked = explaining->packet;

  if (fate->explanation.path != DIVERT_PATH_DIVERT || explaining->supposed ||
      (lookup (&marked, config->mark) && g_str_equal (marked.out_interface, "lo")))
    return;
  fate->unrouted = TRUE;
  fate->explanation.path = DIVERT_PATH_BLOCK;
  fate->explanation.port = 0;
}

/* Who is at the port that the packet is led to, or would be if the proxy were there. */
static const DivertListening *
find_listening (const DivertSnapshot    *snapshot,
                const DivertPacket      *packet,
                const DivertExplanation *explanation)
{
  const DivertRule *rule = explanation->rule;
  DivertPortUse use = DIVERT_PORT_TPROXY;
  guint16 port = explanation->port;

  if (explanation->path == DIVERT_PATH_DNS)
    use = DIVERT_PORT_DNS;
  else if (explanation->path == DIVERT_PATH_BLOCK && rule != NULL && rule->verdict == DIVERT_VERDICT_REFUSE)
    {
      use = divert_rule_refuses_by_redirection (rule) ? DIVERT_PORT_DNS : DIVERT_PORT_TPROXY;
      port = rule->refused_port;
    }
  else if (explanation->path != DIVERT_PATH_DIVERT)
    return NULL;
  return divert_listening_find (snapshot->facts->listening, use, port, packet->protocol, packet->destination.family);
}

/* What the kernel has, if it is what somebody laid. */
static DivertRuleset *
choose_ruleset (const DivertSnapshot *snapshot,
                DivertRuleset        *wanted,
                DivertHolding         holding)
{
  if (holding == DIVERT_HOLDING_NONE)
    return divert_ruleset_new_empty ();
  if (holding == DIVERT_HOLDING_FORMER)
    return divert_ruleset_ref (snapshot->laid);
  return divert_ruleset_ref (wanted);
}

static void
describe (const DivertSnapshot *snapshot,
          DivertExplaining     *explaining,
          DivertFate           *fate)
{
  g_autoptr(DivertBackend) backend = divert_snapshot_get_backend (snapshot);

  if (fate->explanation.rule != NULL)
    backend->klass->describe (backend, explaining->ruleset, fate->explanation.rule, &explaining->packet, &fate->text);
}

DivertExplaining *
divert_explaining_new (const DivertSnapshot *snapshot,
                       DivertVerification   *verification,
                       const DivertMode     *mode,
                       const DivertPacket   *packet)
{
  DivertExplaining *explaining = g_new0 (DivertExplaining, 1);
  g_autoptr(DivertRuleset) wanted = divert_snapshot_get_ruleset (snapshot, mode, &explaining->decision);
  DivertExplanation *explanation = &explaining->fate.explanation;

  explaining->packet = *packet;
  explaining->supposed = mode != NULL;
  explaining->holding = mode == NULL ? divert_verification_look (verification, snapshot) : DIVERT_HOLDING_WANTED;
  explaining->ruleset = choose_ruleset (snapshot, wanted, explaining->holding);
  route (explaining, snapshot->config);

  divert_explain (wanted, &explaining->packet, explanation);
  explaining->wanted = explanation->path;
  divert_explain (explaining->ruleset, &explaining->packet, explanation);
  check_lead (explaining, snapshot->config, &explaining->fate);
  explaining->listening = find_listening (snapshot, &explaining->packet, explanation);
  describe (snapshot, explaining, &explaining->fate);
  return explaining;
}

void
divert_explaining_free (DivertExplaining *explaining)
{
  if (explaining == NULL)
    return;
  divert_rule_text_clear (&explaining->fate.text);
  divert_rule_text_clear (&explaining->flow_fate.text);
  divert_decision_free (explaining->decision);
  divert_ruleset_unref (explaining->ruleset);
  g_free (explaining);
}

/* Once a TCP connection has a mark, its socket's group doesn't matter any more. */
static gboolean
depends_on_group (const DivertConfig    *config,
                  const DivertPacket    *packet,
                  const DivertFlowState *flow)
{
  return config->group != NULL && flow->has_socket &&
         (packet->protocol != IPPROTO_TCP || (flow->connmark & config->mask) == 0);
}

gboolean
divert_explaining_find_flow (DivertExplaining  *explaining,
                             GError           **error)
{
  return divert_flow_find (&explaining->packet, &explaining->flow, &explaining->socket, error);
}

void
divert_explaining_judge_flow (DivertExplaining     *explaining,
                              const DivertSnapshot *snapshot,
                              DivertVerification   *verification)
{
  DivertFlowState *flow = &explaining->flow;

  lookup (&explaining->packet, flow->mark);
  if (depends_on_group (snapshot->config, &explaining->packet, flow) &&
      divert_verification_owns (verification, snapshot, &explaining->socket))
    flow->gid = snapshot->gid;
  if (flow->has_socket)
    flow->cgroup = divert_flow_find_unit (&explaining->socket, snapshot->facts->units);
  divert_explain_flow (explaining->ruleset, &explaining->packet, flow, &explaining->flow_fate.explanation);
  check_lead (explaining, snapshot->config, &explaining->flow_fate);
  describe (snapshot, explaining, &explaining->flow_fate);
}
