/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the shape of Status(), and what Explain() shares with it.
 */
#include "status.h"

#include "core/ruleset/lans.h"
#include "utf8.h"

#include <netinet/in.h>

static void
add_reason (GVariantDict       *dict,
            const DivertReason *reason)
{
  g_autofree char *text = divert_reason_to_text (reason, NULL);

  g_variant_dict_insert_value (dict, "reason", divert_utf8_new (text));
  g_variant_dict_insert (dict, "reason-code", "s", divert_reason_code_name (reason->code));
  g_variant_dict_insert_value (dict, "reason-site", divert_utf8_new (reason->site));
  g_variant_dict_insert_value (dict, "reason-device", divert_utf8_new (reason->device));
  g_variant_dict_insert_value (dict, "reason-connection", divert_utf8_new (reason->id));
  g_variant_dict_insert (dict, "reason-proof", "s", reason->has_proof ? divert_proof_kind_name (reason->proof) : "");
  g_variant_dict_insert_value (dict, "reason-expected", divert_utf8_new (reason->expected));
  g_variant_dict_insert_value (dict, "reason-found", divert_utf8_new (reason->found));
}

static GVariant *
make_proofs (const DivertCandidate *candidate)
{
  GVariantBuilder proofs;

  g_variant_builder_init (&proofs, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < candidate->proofs->len; i++)
    {
      const DivertProof *proof = g_ptr_array_index (candidate->proofs, i);

      g_variant_builder_open (&proofs, G_VARIANT_TYPE ("a{sv}"));
      g_variant_builder_add (&proofs, "{sv}", "kind", g_variant_new_string (divert_proof_kind_name (proof->kind)));
      g_variant_builder_add (&proofs, "{sv}", "outcome", g_variant_new_string (divert_outcome_name (proof->outcome)));
      g_variant_builder_add (&proofs, "{sv}", "expected", divert_utf8_new (proof->expected));
      g_variant_builder_add (&proofs, "{sv}", "found", divert_utf8_new (proof->found));
      g_variant_builder_close (&proofs);
    }
  return g_variant_builder_end (&proofs);
}

static GVariant *
make_candidates (const DivertDecision *decision,
                 const char           *site)
{
  GVariantBuilder candidates;

  g_variant_builder_init (&candidates, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < decision->candidates->len; i++)
    {
      const DivertCandidate *candidate = g_ptr_array_index (decision->candidates, i);

      if (!g_str_equal (candidate->site, site))
        continue;
      g_variant_builder_open (&candidates, G_VARIANT_TYPE ("a{sv}"));
      g_variant_builder_add (&candidates, "{sv}", "uuid", divert_utf8_new (candidate->uuid));
      g_variant_builder_add (&candidates, "{sv}", "connection", divert_utf8_new (candidate->id));
      g_variant_builder_add (&candidates, "{sv}", "device", divert_utf8_new (candidate->device));
      g_variant_builder_add (&candidates, "{sv}", "proven", g_variant_new_boolean (candidate->proven));
      g_variant_builder_add (&candidates, "{sv}", "proofs", make_proofs (candidate));
      g_variant_builder_close (&candidates);
    }
  return g_variant_builder_end (&candidates);
}

/* There may be thousands of prefixes.  Until it is serialised, each is an object of its own. */
static GVariant *
make_intranet (const DivertSite *site)
{
  GVariantBuilder prefixes;
  GVariant *intranet;

  g_variant_builder_init (&prefixes, G_VARIANT_TYPE ("as"));
  for (guint i = 0; i < site->intranet->len; i++)
    {
      g_autofree char *text = divert_prefix_to_cidr (divert_prefixes_index (site->intranet, i));

      g_variant_builder_add (&prefixes, "s", text);
    }
  if (site->intranet_auto6)
    g_variant_builder_add (&prefixes, "s", "auto6");
  intranet = g_variant_builder_end (&prefixes);
  g_variant_get_data (intranet);
  return intranet;
}

static GVariant *
make_sites (const DivertConfig   *config,
            const DivertDecision *decision)
{
  GVariantBuilder sites;

  g_variant_builder_init (&sites, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < config->sites->len; i++)
    {
      const DivertSite *site = g_ptr_array_index (config->sites, i);

      g_variant_builder_open (&sites, G_VARIANT_TYPE ("a{sv}"));
      g_variant_builder_add (&sites, "{sv}", "name", g_variant_new_string (site->name));
      g_variant_builder_add (&sites, "{sv}", "tproxy-port",
                             g_variant_new_uint32 (site->tproxy_port != 0 ? site->tproxy_port : config->tproxy_port));
      g_variant_builder_add (&sites, "{sv}", "intranet", make_intranet (site));
      g_variant_builder_add (&sites, "{sv}", "candidates", make_candidates (decision, site->name));
      g_variant_builder_close (&sites);
    }
  return g_variant_builder_end (&sites);
}

/* "tcp4", "dns-udp6" … */
static char *
make_listener_key (const DivertListening *item)
{
  return g_strdup_printf ("%s%s%c", item->use == DIVERT_PORT_DNS ? "dns-" : "",
                          item->protocol == IPPROTO_TCP ? "tcp" : "udp",
                          item->family == DIVERT_FAMILY_IPV6 ? '6' : '4');
}

/* The proxy as the last run knew it. */
static GVariant *
make_proxy (const DivertSnapshot *snapshot)
{
  const DivertConfig *config = snapshot->config;
  const GArray *listening = snapshot->facts->listening;
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert_value (&dict, "group", divert_utf8_new (config->group));
  if (config->group != NULL && snapshot->has_gid)
    g_variant_dict_insert (&dict, "gid", "u", snapshot->gid);
  if (config->unit != NULL)
    {
      g_variant_dict_insert (&dict, "unit", "s", config->unit);
      g_variant_dict_insert (&dict, "unit-running", "b",
                             divert_facts_find_unit (snapshot->facts, config->unit) != NULL);
    }
  g_variant_dict_insert (&dict, "tproxy-port", "u", (guint32) config->tproxy_port);
  g_variant_dict_insert (&dict, "dns-port", "u", (guint32) config->dns_port);
  for (guint i = 0; i < listening->len; i++)
    {
      const DivertListening *item = &g_array_index (listening, DivertListening, i);
      g_autofree char *key = make_listener_key (item);

      /* A site's own port is only told of if there is something wrong with it. */
      if (item->port == (item->use == DIVERT_PORT_DNS ? config->dns_port : config->tproxy_port))
        g_variant_dict_insert (&dict, key, "s", divert_listener_name (item->listener));
    }
  return g_variant_dict_end (&dict);
}

static void
add_problems (GVariantDict    *dict,
              const GPtrArray *problems)
{
  GVariantBuilder texts, list;

  g_variant_builder_init (&texts, G_VARIANT_TYPE ("as"));
  g_variant_builder_init (&list, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < problems->len; i++)
    {
      const DivertProblem *problem = g_ptr_array_index (problems, i);
      g_autofree char *text = divert_problem_to_text (problem->code, problem->detail, NULL);

      g_variant_builder_add_value (&texts, divert_utf8_new (text));
      g_variant_builder_open (&list, G_VARIANT_TYPE ("a{sv}"));
      g_variant_builder_add (&list, "{sv}", "code", g_variant_new_string (divert_problem_code_name (problem->code)));
      g_variant_builder_add (&list, "{sv}", "detail", divert_utf8_new (problem->detail));
      g_variant_builder_close (&list);
    }
  g_variant_dict_insert_value (dict, "problems", g_variant_builder_end (&texts));
  g_variant_dict_insert_value (dict, "problem-list", g_variant_builder_end (&list));
}

/* What goes direct besides the intranet. */
static void
add_direct (GVariantDict         *dict,
            const DivertDecision *decision)
{
  const gboolean granted = decision->place == DIVERT_PLACE_SITE;
  GVariantBuilder direct;

  g_variant_builder_init (&direct, G_VARIANT_TYPE ("as"));
  if (granted && decision->internet)
    g_variant_builder_add (&direct, "s", "internet");
  if (granted && decision->dns)
    g_variant_builder_add (&direct, "s", "dns");
  g_variant_dict_insert_value (dict, "direct-also", g_variant_builder_end (&direct));
}

static void
add_missing (GVariantDict       *dict,
             const DivertConfig *config)
{
  GVariantBuilder missing;

  g_variant_builder_init (&missing, G_VARIANT_TYPE ("as"));
  if (!divert_config_names_proxy (config))
    g_variant_builder_add (&missing, "s", "group");
  if (config->sites->len == 0)
    g_variant_builder_add (&missing, "s", "site");
  g_variant_dict_insert_value (dict, "missing", g_variant_builder_end (&missing));
}

/* Own LANs whose traffic is diverted. */
static void
add_lans (GVariantDict         *dict,
          const DivertSnapshot *snapshot)
{
  g_autoptr(GPtrArray) lans = divert_lans_collect (snapshot->config, snapshot->report->decision, snapshot->facts);
  const gboolean is_off = snapshot->report->decision->place == DIVERT_PLACE_OFF;
  GVariantBuilder names;

  g_variant_builder_init (&names, G_VARIANT_TYPE ("as"));
  for (guint i = 0; i < lans->len && !is_off; i++)
    g_variant_builder_add_value (&names, divert_utf8_new (((const DivertLan *) g_ptr_array_index (lans, i))->name));
  g_variant_dict_insert_value (dict, "lans", g_variant_builder_end (&names));
}

static void
add_drift (GVariantDict      *dict,
           const DivertDrift *drift)
{
  GVariantBuilder parts;

  g_variant_builder_init (&parts, G_VARIANT_TYPE ("as"));
  for (guint part = 0; part < DIVERT_N_PARTS; part++)
    if ((drift->parts & 1u << part) != 0)
      g_variant_builder_add (&parts, "s", divert_part_name (part));
  g_variant_dict_insert (dict, "drift-count", "t", drift->count);
  g_variant_dict_insert (dict, "drift-time", "t", (guint64) drift->when);
  g_variant_dict_insert_value (dict, "drift-parts", g_variant_builder_end (&parts));
  g_variant_dict_insert_value (dict, "drift-program", divert_utf8_new (drift->program.name));
  g_variant_dict_insert (dict, "drift-process", "u", drift->program.pid);
}

GVariant *
divert_status_new (const DivertSnapshot *snapshot,
                   DivertVerification   *verification)
{
  const DivertReport *report = snapshot->report;
  const DivertConfig *config = snapshot->config;
  GVariantDict dict;
  guint64 dropped = 0;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "mode", "s", divert_mode_get_name (report->mode));
  g_variant_dict_insert (&dict, "mode-expires", "t", report->mode->expires);
  g_variant_dict_insert (&dict, "until-network-change", "b", report->mode->network != NULL);
  g_variant_dict_insert (&dict, "place", "s", report->place);
  add_reason (&dict, report->decision->reason);
  g_variant_dict_insert_value (&dict, "device", divert_utf8_new (divert_report_get_device (report)));
  add_direct (&dict, report->decision);
  g_variant_dict_insert (&dict, "backend", "s", report->backend);
  g_variant_dict_insert_value (&dict, "backend-why", divert_utf8_new (report->backend_why));
  g_variant_dict_insert (&dict, "guard", "s", report->guard);
  g_variant_dict_insert_value (&dict, "proxy", make_proxy (snapshot));
  add_problems (&dict, report->problems);
  add_missing (&dict, config);
  if (divert_verification_count_dropped (verification, snapshot, &dropped))
    g_variant_dict_insert (&dict, "guard-dropped", "t", dropped);
  add_lans (&dict, snapshot);
  add_drift (&dict, &snapshot->drift);
  g_variant_dict_insert_value (&dict, "sites", make_sites (config, report->decision));
  return g_variant_dict_end (&dict);
}

void
divert_status_add_place (GVariantDict         *dict,
                         const DivertConfig   *config,
                         const DivertDecision *decision)
{
  g_variant_dict_insert (dict, "place", "s", divert_decision_get_place (decision));
  add_reason (dict, decision->reason);
  g_variant_dict_insert_value (dict, "sites", make_sites (config, decision));
}
