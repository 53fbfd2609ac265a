/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: what is asked of the pipeline between two runs.
 */
#include "pipeline-private.h"

#include <netinet/in.h>

#include "system/netlink/route-lookup.h"
#include "system/sources/proxy-listener.h"

const DivertReport *
divert_pipeline_get_report (const DivertPipeline *pipeline)
{
  return pipeline->report;
}

const DivertConfig *
divert_pipeline_get_config (const DivertPipeline *pipeline)
{
  return divert_settings_get_config (pipeline->settings);
}

const DivertFacts *
divert_pipeline_get_facts (const DivertPipeline *pipeline)
{
  return pipeline->facts;
}

gboolean
divert_pipeline_get_gid (const DivertPipeline *pipeline,
                         guint32              *ret_gid)
{
  return divert_settings_get_gid (pipeline->settings, ret_gid);
}

char *
divert_pipeline_get_site_path (const DivertPipeline *pipeline,
                               const char           *site)
{
  return divert_settings_get_site_path (pipeline->settings, site);
}

GArray *
divert_pipeline_find_listeners (const DivertPipeline *pipeline)
{
  static const DivertListening wanted[] = {
    { DIVERT_FAMILY_IPV4, IPPROTO_TCP, DIVERT_LISTENER_NONE },
    { DIVERT_FAMILY_IPV6, IPPROTO_TCP, DIVERT_LISTENER_NONE },
    { DIVERT_FAMILY_IPV4, IPPROTO_UDP, DIVERT_LISTENER_NONE },
    { DIVERT_FAMILY_IPV6, IPPROTO_UDP, DIVERT_LISTENER_NONE },
  };
  const DivertConfig *config = divert_settings_get_config (pipeline->settings);
  GArray *found = g_array_new (FALSE, FALSE, sizeof (DivertListening));
  g_autoptr(DivertOwners) owners = NULL;
  guint32 gid;

  if (!divert_settings_get_gid (pipeline->settings, &gid))
    return found;
  owners = divert_owners_read (gid);
  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    {
      DivertListening listening = wanted[i];

      if ((listening.family != DIVERT_FAMILY_IPV6 || config->ipv6) &&
          divert_listener_find (listening.family, listening.protocol, config->tproxy_port, owners, &listening.listener,
                                NULL))
        g_array_append_val (found, listening);
    }
  return found;
}

gboolean
divert_pipeline_count_dropped (const DivertPipeline *pipeline,
                               guint64              *ret_packets)
{
  return divert_laying_count_dropped (pipeline->laying, ret_packets);
}

/* The ruleset and decision of now, or (@mode given) as if @mode's place were true here. */
static DivertRuleset *
plan (const DivertPipeline  *pipeline,
      const DivertMode      *mode,
      DivertDecision       **ret_decision)
{
  const DivertConfig *config = divert_settings_get_config (pipeline->settings);
  g_autoptr(DivertFacts) nothing = divert_facts_new ();
  const DivertFacts *facts = pipeline->facts != NULL ? pipeline->facts : nothing;
  g_autoptr(DivertDecision) decision = NULL;
  DivertRuleset *ruleset;
  guint32 gid = DIVERT_GID_UNKNOWN;

  divert_settings_get_gid (pipeline->settings, &gid);
  if (mode == NULL)
    {
      decision = divert_decide (config, divert_settings_get_mode (pipeline->settings), facts);
      divert_hold_apply (pipeline->hold, facts, decision, g_get_monotonic_time ());
    }
  else
    decision = divert_decision_suppose (config, mode, facts);
  /* Without the group nothing is laid: then that is the truth of now, while a supposed place is
   * shown as it would be. */
  if (mode == NULL && gid == DIVERT_GID_UNKNOWN)
    ruleset = divert_ruleset_new_empty ();
  else
    ruleset = divert_ruleset_new (config, decision, gid, facts);
  if (ret_decision != NULL)
    *ret_decision = g_steal_pointer (&decision);
  return ruleset;
}

char *
divert_pipeline_plan (const DivertPipeline *pipeline,
                      const DivertMode     *mode)
{
  g_autoptr(DivertRuleset) ruleset = plan (pipeline, mode, NULL);

  return divert_laying_to_text (pipeline->laying, ruleset);
}

/* Where the packet would leave and from which address: for a supposed place by its exit, else as
 * the kernel routes. */
static void
route_packet (const DivertDecision *decision,
              gboolean              supposed,
              DivertPacket         *packet)
{
  if (supposed && decision->exits->len > 0 && divert_prefixes_contain (decision->direct, &packet->destination))
    {
      const DivertExit *way_out = g_ptr_array_index (decision->exits, 0);

      g_strlcpy (packet->out_interface, way_out->device, sizeof packet->out_interface);
      for (guint i = 0; i < way_out->sources->len && !packet->has_source; i++)
        {
          const DivertPrefix *source = divert_prefixes_index (way_out->sources, i);

          packet->has_source = source->family == packet->destination.family;
          if (packet->has_source)
            packet->source = *source;
        }
      return;
    }
  divert_lookup_route (packet);
}

DivertRuleset *
divert_pipeline_explain (const DivertPipeline  *pipeline,
                         const DivertMode      *mode,
                         DivertPacket          *packet,
                         DivertDecision       **ret_decision,
                         DivertExplanation     *ret_explanation,
                         DivertRuleText        *ret_text)
{
  DivertRuleset *ruleset = plan (pipeline, mode, ret_decision);

  route_packet (*ret_decision, mode != NULL, packet);
  divert_explain (ruleset, packet, ret_explanation);
  if (ret_explanation->rule != NULL)
    divert_laying_describe (pipeline->laying, ruleset, ret_explanation->rule, packet, ret_text);
  return ruleset;
}

gboolean
divert_pipeline_is_needed (const DivertPipeline *pipeline)
{
  return pipeline->report == NULL || !pipeline->report->laid || !g_str_equal (pipeline->report->place, "off");
}
