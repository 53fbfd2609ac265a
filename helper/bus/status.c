/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the shape of Status() and Explain().
 *
 * D-Bus strings must be UTF-8, but an SSID or a profile's name need not be. So all text from outside passes utf8().
 */
#include "status.h"

#include <netinet/in.h>

static GVariant *
utf8 (const char *text)
{
  return g_variant_new_take_string (g_utf8_make_valid (text != NULL ? text : "", -1));
}

static void
add_reason (GVariantDict       *dict,
            const DivertReason *reason)
{
  g_autofree char *text = divert_reason_to_text (reason, NULL);

  g_variant_dict_insert_value (dict, "reason", utf8 (text));
  g_variant_dict_insert (dict, "reason-code", "s", divert_reason_code_name (reason->code));
  g_variant_dict_insert_value (dict, "reason-site", utf8 (reason->site));
  g_variant_dict_insert_value (dict, "reason-device", utf8 (reason->device));
  g_variant_dict_insert_value (dict, "reason-connection", utf8 (reason->id));
  g_variant_dict_insert (dict, "reason-proof", "s", reason->has_proof ? divert_proof_kind_name (reason->proof) : "");
  g_variant_dict_insert_value (dict, "reason-expected", utf8 (reason->expected));
  g_variant_dict_insert_value (dict, "reason-found", utf8 (reason->found));
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
      g_variant_builder_add (&proofs, "{sv}", "expected", utf8 (proof->expected));
      g_variant_builder_add (&proofs, "{sv}", "found", utf8 (proof->found));
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
      g_variant_builder_add (&candidates, "{sv}", "uuid", utf8 (candidate->uuid));
      g_variant_builder_add (&candidates, "{sv}", "connection", utf8 (candidate->id));
      g_variant_builder_add (&candidates, "{sv}", "device", utf8 (candidate->device));
      g_variant_builder_add (&candidates, "{sv}", "proven", g_variant_new_boolean (candidate->proven));
      g_variant_builder_add (&candidates, "{sv}", "proofs", make_proofs (candidate));
      g_variant_builder_close (&candidates);
    }
  return g_variant_builder_end (&candidates);
}

static GVariant *
make_intranet (const DivertSite *site)
{
  GVariantBuilder prefixes;

  g_variant_builder_init (&prefixes, G_VARIANT_TYPE ("as"));
  for (guint i = 0; i < site->intranet->len; i++)
    {
      g_autofree char *text = divert_prefix_to_cidr (divert_prefixes_index (site->intranet, i));

      g_variant_builder_add (&prefixes, "s", text);
    }
  if (site->intranet_auto6)
    g_variant_builder_add (&prefixes, "s", "auto6");
  return g_variant_builder_end (&prefixes);
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

typedef struct
{
  DivertFamily family;
  guint8       protocol;
  const char  *key;
  const char  *name;
} ListenerName;

static const ListenerName listener_names[] = {
  { DIVERT_FAMILY_IPV4, IPPROTO_TCP, "tcp4", "TCP, IPv4" },
  { DIVERT_FAMILY_IPV6, IPPROTO_TCP, "tcp6", "TCP, IPv6" },
  { DIVERT_FAMILY_IPV4, IPPROTO_UDP, "udp4", "UDP, IPv4" },
  { DIVERT_FAMILY_IPV6, IPPROTO_UDP, "udp6", "UDP, IPv6" },
};

static const ListenerName *
find_listener_name (const DivertListening *listening)
{
  const ListenerName *name = listener_names;

  while (name->family != listening->family || name->protocol != listening->protocol)
    name++;
  return name;
}

static const char *const listener_states[] = {
  [DIVERT_LISTENER_NONE] = "none",
  [DIVERT_LISTENER_NOT_TRANSPARENT] = "not-transparent",
  [DIVERT_LISTENER_FOREIGN] = "foreign",
  [DIVERT_LISTENER_GOOD] = "good",
};

/* The proxy as it is now. Adds what is wrong with it to @problems. */
static GVariant *
make_proxy (const DivertSnapshot *snapshot,
            GPtrArray            *problems)
{
  const DivertConfig *config = snapshot->config;
  g_autoptr(GString) wrong = g_string_new (NULL);
  g_autoptr(GArray) listeners = divert_snapshot_find_listeners (snapshot);
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert_value (&dict, "group", utf8 (config->group));
  if (snapshot->has_gid)
    g_variant_dict_insert (&dict, "gid", "u", snapshot->gid);
  g_variant_dict_insert (&dict, "tproxy-port", "u", (guint32) config->tproxy_port);
  g_variant_dict_insert (&dict, "dns-port", "u", (guint32) config->dns_port);

  for (guint i = 0; i < listeners->len; i++)
    {
      const DivertListening *listening = &g_array_index (listeners, DivertListening, i);
      const ListenerName *name = find_listener_name (listening);
      const char *state = listener_states[listening->listener];

      g_variant_dict_insert (&dict, name->key, "s", state);
      if (listening->listener != DIVERT_LISTENER_GOOD)
        g_string_append_printf (wrong, "%s%s: %s", wrong->len > 0 ? "; " : "", name->name, state);
    }
  if (wrong->len > 0)
    {
      g_autofree char *detail = g_strdup_printf ("port %u: %s", config->tproxy_port, wrong->str);

      g_ptr_array_add (problems, divert_problem_new (DIVERT_PROBLEM_LISTENER, detail));
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

      g_variant_builder_add_value (&texts, utf8 (text));
      g_variant_builder_open (&list, G_VARIANT_TYPE ("a{sv}"));
      g_variant_builder_add (&list, "{sv}", "code", g_variant_new_string (divert_problem_code_name (problem->code)));
      g_variant_builder_add (&list, "{sv}", "detail", utf8 (problem->detail));
      g_variant_builder_close (&list);
    }
  g_variant_dict_insert_value (dict, "problems", g_variant_builder_end (&texts));
  g_variant_dict_insert_value (dict, "problem-list", g_variant_builder_end (&list));
}

static void
add_missing (GVariantDict       *dict,
             const DivertConfig *config)
{
  GVariantBuilder missing;

  g_variant_builder_init (&missing, G_VARIANT_TYPE ("as"));
  if (config->group == NULL)
    g_variant_builder_add (&missing, "s", "group");
  if (config->sites->len == 0)
    g_variant_builder_add (&missing, "s", "site");
  g_variant_dict_insert_value (dict, "missing", g_variant_builder_end (&missing));
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
  g_variant_dict_insert_value (dict, "drift-program", utf8 (drift->program.name));
  g_variant_dict_insert (dict, "drift-process", "u", drift->program.pid);
}

GVariant *
divert_status_new (const DivertSnapshot *snapshot)
{
  const DivertReport *report = snapshot->report;
  const DivertConfig *config = snapshot->config;
  g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func ((GDestroyNotify) divert_problem_free);
  GVariantDict dict;
  guint64 dropped = 0;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "mode", "s", divert_mode_get_name (report->mode));
  g_variant_dict_insert (&dict, "mode-expires", "t", report->mode->expires);
  g_variant_dict_insert (&dict, "until-network-change", "b", report->mode->network != NULL);
  g_variant_dict_insert (&dict, "place", "s", report->place);
  add_reason (&dict, report->decision->reason);
  g_variant_dict_insert_value (&dict, "device", utf8 (divert_report_get_device (report)));
  g_variant_dict_insert (&dict, "backend", "s", report->backend);
  g_variant_dict_insert_value (&dict, "backend-why", utf8 (report->backend_why != NULL ? report->backend_why : ""));
  g_variant_dict_insert (&dict, "guard", "s", report->guard);
  for (guint i = 0; i < report->problems->len; i++)
    {
      const DivertProblem *problem = g_ptr_array_index (report->problems, i);

      g_ptr_array_add (problems, divert_problem_new (problem->code, problem->detail));
    }
  g_variant_dict_insert_value (&dict, "proxy", make_proxy (snapshot, problems));
  add_problems (&dict, problems);
  add_missing (&dict, config);
  if (divert_snapshot_count_dropped (snapshot, &dropped))
    g_variant_dict_insert (&dict, "guard-dropped", "t", dropped);
  add_drift (&dict, &snapshot->drift);
  g_variant_dict_insert_value (&dict, "sites", make_sites (config, report->decision));
  return g_variant_dict_end (&dict);
}

GVariant *
divert_status_explain (const DivertSnapshot *snapshot,
                       const DivertMode     *mode,
                       DivertPacket         *packet)
{
  g_autoptr(DivertDecision) decision = NULL;
  DivertExplanation explanation;
  g_auto(DivertRuleText) text = { NULL, NULL, NULL };
  g_autoptr(DivertRuleset) ruleset = divert_snapshot_explain (snapshot, mode, packet, &decision, &explanation, &text);
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "path", "s", divert_path_name (explanation.path));
  if (explanation.port != 0)
    g_variant_dict_insert (&dict, "port", "u", (guint32) explanation.port);
  g_variant_dict_insert_value (&dict, "device", utf8 (packet->out_interface));
  if (explanation.rule != NULL)
    {
      g_variant_dict_insert (&dict, "table", "s", text.table);
      g_variant_dict_insert (&dict, "chain", "s", text.chain);
      g_variant_dict_insert_value (&dict, "rule", utf8 (text.text));
      g_variant_dict_insert (&dict, "why", "s", explanation.rule->why != NULL ? explanation.rule->why : "");
    }
  g_variant_dict_insert (&dict, "place", "s", divert_decision_get_place (decision));
  add_reason (&dict, decision->reason);
  g_variant_dict_insert_value (&dict, "sites", make_sites (snapshot->config, decision));
  return g_variant_dict_end (&dict);
}
