/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: which flows a run ends, and what it keeps for that: what was in force when flows were last ended, and what has
 * happened since.  A run that can't lay its rules, or that is in doubt, leaves that to a later one.
 */
#include "pipeline-private.h"

#include "core/ruleset/lans.h"

/* Does DNS end at another place now?  Connection tracking would keep the old one (K3.4). */
static gboolean
is_refused_anew (const DivertConfig *config,
                 const DivertFacts  *before,
                 const DivertFacts  *now)
{
  return before != NULL && divert_listening_find_circles (before->listening, config->dns_port) !=
                             divert_listening_find_circles (now->listening, config->dns_port);
}

DivertCrossing
divert_pipeline_get_crossing (const DivertPipeline *pipeline,
                              const DivertDecision *now,
                              const DivertFacts    *facts)
{
  const DivertConfig *config = divert_settings_get_config (pipeline->settings);
  const DivertDecision *before = pipeline->in_force != NULL ? pipeline->in_force->decision : NULL;

  return (DivertCrossing) {
    .before = before,
    .now = now,
    .former = pipeline->former,
    .left = pipeline->left,
    .circular = is_refused_anew (config, pipeline->laid_facts, facts),
    .first = pipeline->first,
    .drifted = pipeline->drifted,
    .config_before = pipeline->laid_config,
    .gid_before = pipeline->laid_gid,
    .units_before = pipeline->laid_facts != NULL ? pipeline->laid_facts->units : NULL,
    .units = facts->units,
    .ephemeral = facts->ephemeral,
    .unit = pipeline->unit != NULL ? pipeline->unit->path : NULL,
    .remarked = before != NULL && before->place != DIVERT_PLACE_OFF &&
                (config->mark != pipeline->mark || config->mask != pipeline->mask),
  };
}

/* Flows have ended that don't fit to these. */
static void
keep_basis (DivertPipeline    *pipeline,
            const DivertFacts *facts,
            guint32            gid)
{
  divert_config_free (pipeline->laid_config);
  pipeline->laid_config = divert_config_ref (divert_settings_get_config (pipeline->settings));
  divert_facts_free (pipeline->laid_facts);
  pipeline->laid_facts = divert_facts_ref (facts);
  pipeline->laid_gid = gid;
}

/* This comes after the writes, so that no flow can come back on the path that was closed. */
void
divert_pipeline_end_flows (DivertPipeline       *pipeline,
                           const DivertDecision *now,
                           const DivertFacts    *facts,
                           guint32               gid)
{
  const DivertConfig *config = divert_settings_get_config (pipeline->settings);
  DivertCrossing crossing = divert_pipeline_get_crossing (pipeline, now, facts);
  g_autoptr(GArray) lans = divert_lans_list_networks (config, now, pipeline->facts);

  crossing.lans = lans;
  if (pipeline->wrote || pipeline->left)
    divert_flows_end (pipeline->flows, config, &crossing, gid);
  /* Whatever was left while there was a doubt counts once the doubt is over. */
  if (now->place != DIVERT_PLACE_HELD)
    {
      pipeline->left = FALSE;
      pipeline->first = FALSE;
      pipeline->drifted = 0;
      keep_basis (pipeline, facts, gid);
    }
  pipeline->wrote = FALSE;
  pipeline->mark = config->mark;
  pipeline->mask = config->mask;
}

/* Will there be rules where there are none of ours now, nor of an earlier helper? */
static gboolean
comes_to_rules (const DivertPipeline *pipeline,
                const DivertDecision *now)
{
  const DivertDecision *before = pipeline->in_force != NULL ? pipeline->in_force->decision : NULL;

  return now->place != DIVERT_PLACE_OFF && (before == NULL || before->place == DIVERT_PLACE_OFF) &&
         !divert_laying_find_rules (pipeline->laying);
}

/* What began while there were no rules was not judged: there were none at all before, or somebody has removed them.
 * It ends after the writes, except for what a listener has accepted: the rules are told of that before the writes. */
void
divert_pipeline_expect_unjudged (DivertPipeline       *pipeline,
                                 const DivertDecision *now,
                                 const DivertFacts    *facts,
                                 DivertParts           changed)
{
  const DivertConfig *config = divert_settings_get_config (pipeline->settings);
  const gboolean first = comes_to_rules (pipeline, now);
  const gboolean more = pipeline->laid_config != NULL && config->ipv6 && !pipeline->laid_config->ipv6;

  pipeline->first |= first;
  pipeline->drifted |= now->place != DIVERT_PLACE_OFF ? changed : 0;
  if (first || more || (now->place != DIVERT_PLACE_OFF && divert_parts_judge (changed)))
    divert_flows_remember (pipeline->flows, config, &facts->ephemeral);
}
