/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the shape of Explain(), ExplainAs(), ExplainFrom() and ExplainFlow().
 */
#include "explanation.h"

#include "status.h"
#include "utf8.h"

static void
add_fate (GVariantDict     *dict,
          const DivertFate *fate)
{
  const DivertExplanation *explanation = &fate->explanation;

  g_variant_dict_insert (dict, "path", "s", divert_path_name (explanation->path));
  if (explanation->port != 0)
    g_variant_dict_insert (dict, "port", "u", (guint32) explanation->port);
  if (explanation->rule == NULL)
    return;
  g_variant_dict_insert (dict, "table", "s", fate->text.table);
  g_variant_dict_insert (dict, "chain", "s", fate->text.chain);
  g_variant_dict_insert_value (dict, "rule", divert_utf8_new (fate->text.text));
  g_variant_dict_insert (dict, "why", "s", explanation->rule->why != NULL ? explanation->rule->why : "");
}

static const char *
name_laid (const DivertExplaining *explaining)
{
  if (explaining->supposed)
    return "supposed";
  if (explaining->fate.unrouted && explaining->holding == DIVERT_HOLDING_WANTED)
    return "unrouted";
  return divert_holding_name (explaining->holding);
}

static void
add_sender (GVariantDict       *dict,
            const DivertPacket *packet)
{
  g_autofree char *address = packet->in_interface[0] != '\0' && packet->has_source
                               ? divert_prefix_to_string (&packet->source) : g_strdup ("");

  g_variant_dict_insert_value (dict, "from-device", divert_utf8_new (packet->in_interface));
  g_variant_dict_insert (dict, "from-address", "s", address);
}

static void
fill (GVariantDict           *dict,
      const DivertSnapshot   *snapshot,
      const DivertExplaining *explaining)
{
  const DivertListening *listening = explaining->listening;

  add_fate (dict, &explaining->fate);
  g_variant_dict_insert_value (dict, "device", divert_utf8_new (explaining->device));
  add_sender (dict, &explaining->packet);
  g_variant_dict_insert (dict, "laid", "s", name_laid (explaining));
  g_variant_dict_insert (dict, "wanted-path", "s", divert_path_name (explaining->wanted));
  if (listening != NULL)
    {
      g_variant_dict_insert (dict, "listener", "s", divert_listener_name (listening->listener));
      g_variant_dict_insert (dict, "listener-port", "u", (guint32) listening->port);
    }
  divert_status_add_place (dict, snapshot->config, explaining->decision);
}

GVariant *
divert_explanation_new (const DivertSnapshot   *snapshot,
                        const DivertExplaining *explaining)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  fill (&dict, snapshot, explaining);
  return g_variant_dict_end (&dict);
}

static gboolean
is_same (const DivertExplanation *a,
         const DivertExplanation *b)
{
  return a->path == b->path && a->port == b->port;
}

GVariant *
divert_explanation_new_flow (const DivertSnapshot   *snapshot,
                             const DivertExplaining *explaining)
{
  GVariantDict dict, flow;

  g_variant_dict_init (&flow, NULL);
  add_fate (&flow, &explaining->flow_fate);
  g_variant_dict_insert (&flow, "tracked", "b", explaining->flow.is_tracked);
  g_variant_dict_insert (&flow, "unrouted", "b", explaining->flow_fate.unrouted);
  g_variant_dict_insert (&flow, "mark", "u", explaining->flow.connmark);
  g_variant_dict_insert (&flow, "same", "b",
                         is_same (&explaining->fate.explanation, &explaining->flow_fate.explanation));
  g_variant_dict_init (&dict, NULL);
  fill (&dict, snapshot, explaining);
  g_variant_dict_insert_value (&dict, "flow", g_variant_dict_end (&flow));
  return g_variant_dict_end (&dict);
}
