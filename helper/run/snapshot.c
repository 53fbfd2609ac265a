/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the answers to what people ask between two runs.
 *
 * An answer may take long (a walk through all processes, a table of ten thousand rules), so it is given in the thread
 * of the people who ask.  No answer looks at the pipeline.  If something is not in the snapshot, the kernel is asked.
 */
#include "snapshot.h"

#include <netinet/in.h>

#include "core/ruleset/fence.h"
#include "laying.h"
#include "system/files/site-file.h"
#include "system/filter/choice.h"
#include "system/filter/guard.h"
#include "system/netlink/route-lookup.h"
#include "system/sources/proxy-listener.h"

DivertSnapshot *
divert_snapshot_new (void)
{
  return g_atomic_rc_box_new0 (DivertSnapshot);
}

DivertSnapshot *
divert_snapshot_ref (const DivertSnapshot *snapshot)
{
  return g_atomic_rc_box_acquire ((DivertSnapshot *) snapshot);
}

static void
clear (gpointer data)
{
  DivertSnapshot *snapshot = data;

  divert_config_free (snapshot->config);
  g_free (snapshot->config_dir);
  divert_facts_free (snapshot->facts);
  divert_report_free (snapshot->report);
}

void
divert_snapshot_free (DivertSnapshot *snapshot)
{
  if (snapshot != NULL)
    g_atomic_rc_box_release_full (snapshot, clear);
}

char *
divert_snapshot_get_site_path (const DivertSnapshot *snapshot,
                               const char           *site)
{
  return divert_site_file_get_path (snapshot->config_dir, site);
}

gboolean
divert_snapshot_is_needed (const DivertSnapshot *snapshot)
{
  return snapshot->report == NULL || !snapshot->report->laid || !g_str_equal (snapshot->report->place, "off");
}

GArray *
divert_snapshot_find_listeners (const DivertSnapshot *snapshot)
{
  static const DivertListening wanted[] = {
    { DIVERT_FAMILY_IPV4, IPPROTO_TCP, DIVERT_LISTENER_NONE },
    { DIVERT_FAMILY_IPV6, IPPROTO_TCP, DIVERT_LISTENER_NONE },
    { DIVERT_FAMILY_IPV4, IPPROTO_UDP, DIVERT_LISTENER_NONE },
    { DIVERT_FAMILY_IPV6, IPPROTO_UDP, DIVERT_LISTENER_NONE },
  };
  GArray *found = g_array_new (FALSE, FALSE, sizeof (DivertListening));
  g_autoptr(DivertOwners) owners = NULL;

  if (!snapshot->has_gid)
    return found;
  owners = divert_owners_read (snapshot->gid);
  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    {
      DivertListening listening = wanted[i];

      if ((listening.family != DIVERT_FAMILY_IPV6 || snapshot->config->ipv6) &&
          divert_listener_find (listening.family, listening.protocol, snapshot->config->tproxy_port, owners,
                                &listening.listener, NULL))
        g_array_append_val (found, listening);
    }
  return found;
}

gboolean
divert_snapshot_count_dropped (const DivertSnapshot *snapshot,
                               guint64              *ret_packets)
{
  /* Not the pipeline's own, because that belongs to another thread. */
  g_autoptr(DivertBackend) backend = divert_choice_new ();
  guint64 by_guard = 0;
  const gboolean counted = backend->klass->count_dropped (backend, ret_packets, NULL);

  if (!divert_guard_count_dropped (&by_guard))
    return counted;
  *ret_packets = by_guard + (counted ? *ret_packets : 0);
  return TRUE;
}

/* The ruleset and decision of the last run, or, if @mode is given, as if @mode's place were true here. */
static DivertRuleset *
plan (const DivertSnapshot  *snapshot,
      const DivertMode      *mode,
      DivertDecision       **ret_decision)
{
  g_autoptr(DivertDecision) decision = NULL;
  DivertRuleset *ruleset;

  if (mode == NULL)
    decision = divert_decision_ref (snapshot->report->decision);
  else
    decision = divert_decision_suppose (snapshot->config, mode, snapshot->facts);
  /* Without the group no rules are installed.  That is the truth if the current place is asked for.  A supposed place
   * is shown as it would be. */
  if (mode == NULL && !snapshot->has_gid)
    ruleset = divert_ruleset_new_empty ();
  else
    ruleset = divert_ruleset_new (snapshot->config, decision, snapshot->has_gid ? snapshot->gid : DIVERT_GID_UNKNOWN,
                                  snapshot->facts);
  if (ret_decision != NULL)
    *ret_decision = g_steal_pointer (&decision);
  return ruleset;
}

/* What is no rule of the backend's comes as comments, like its routing, so that the whole text can be fed to
 * iptables-restore(8) or nft(8). */
static void
append_comments (GString    *text,
                 const char *comments)
{
  g_auto(GStrv) lines = g_strsplit (comments, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    if (lines[i][0] != '\0')
      g_string_append_printf (text, "# %s\n", lines[i]);
}

/* The one that applies rules now; where none works, the configured one.  Only for its words. */
static DivertBackend *
find_backend (const DivertSnapshot *snapshot)
{
  DivertBackend *backend = divert_choice_new_by_name (snapshot->report->backend);

  return backend != NULL ? backend : divert_choice_new_backend (snapshot->config->backend);
}

char *
divert_snapshot_plan (const DivertSnapshot *snapshot,
                      const DivertMode     *mode,
                      const char           *name)
{
  g_autoptr(DivertDecision) decision = NULL;
  g_autoptr(DivertRuleset) ruleset = plan (snapshot, mode, &decision);
  g_autoptr(DivertFence) fence = divert_fence_new (snapshot->config, decision, snapshot->facts);
  g_autoptr(DivertBackend) backend = name != NULL ? divert_choice_new_by_name (name) : find_backend (snapshot);
  g_autofree char *commands = divert_fence_to_text (fence);
  g_autofree char *rules = NULL, *guard = NULL;
  g_autoptr(GString) text = NULL;

  if (backend == NULL)
    return NULL;
  rules = backend->klass->to_text (backend, ruleset);
  text = g_string_new (rules);
  if (divert_laying_wants_guard (backend))
    guard = divert_guard_to_text (ruleset, divert_laying_get_lifetime ());
  append_comments (text, guard != NULL ? guard : "");
  append_comments (text, commands);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* Where the packet would leave, and from which address.  For a supposed place its exit decides, otherwise the kernel's
 * route for what the fence lets pass. */
static void
route_packet (const DivertConfig   *config,
              const DivertDecision *decision,
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
  divert_lookup_route (packet, divert_ruleset_get_spare_mark (config));
}

DivertRuleset *
divert_snapshot_explain (const DivertSnapshot  *snapshot,
                         const DivertMode      *mode,
                         DivertPacket          *packet,
                         DivertDecision       **ret_decision,
                         DivertExplanation     *ret_explanation,
                         DivertRuleText        *ret_text)
{
  DivertRuleset *ruleset = plan (snapshot, mode, ret_decision);
  g_autoptr(DivertBackend) backend = find_backend (snapshot);

  route_packet (snapshot->config, *ret_decision, mode != NULL, packet);
  divert_explain (ruleset, packet, ret_explanation);
  if (ret_explanation->rule != NULL)
    backend->klass->describe (backend, ruleset, ret_explanation->rule, packet, ret_text);
  return ruleset;
}
