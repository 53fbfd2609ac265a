/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: which flows end with a change of place.
 */
#include "ending.h"

#include "core/ruleset/ruleset.h"

static void
add_uncovered (GArray       *switched,
               const GArray *prefixes,
               const GArray *cover)
{
  g_autoptr(GArray) uncovered = divert_prefixes_without (prefixes, cover);

  g_array_append_vals (switched, uncovered->data, uncovered->len);
}

/* If the mode is off, or the decision is unknown, everything counts as direct. */
static gboolean
is_all_direct (const DivertDecision *decision)
{
  return decision == NULL || decision->place == DIVERT_PLACE_OFF;
}

/* The prefixes that are reached differently in the two decisions; a new list. */
static GArray *
find_switched (const DivertConfig   *config,
               const DivertCrossing *crossing)
{
  const DivertDecision *before = crossing->before, *now = crossing->now;
  g_autoptr(GArray) switched = divert_prefixes_new ();

  if (is_all_direct (before) != is_all_direct (now))
    {
      const DivertDecision *laid = is_all_direct (before) ? now : before;

      for (guint i = 0; i < config->sites->len; i++)
        add_uncovered (switched, ((DivertSite *) g_ptr_array_index (config->sites, i))->intranet, laid->direct);
      add_uncovered (switched, crossing->former, laid->direct);
    }
  else if (!is_all_direct (before))
    {
      add_uncovered (switched, before->direct, now->direct);
      add_uncovered (switched, now->direct, before->direct);
    }
  return divert_prefixes_merge (switched);
}

static GArray *
collect_intranets (const DivertConfig   *config,
                   const DivertCrossing *crossing)
{
  GArray *all = divert_prefixes_copy (crossing->former);

  if (crossing->before != NULL)
    g_array_append_vals (all, crossing->before->direct->data, crossing->before->direct->len);
  for (guint i = 0; i < config->sites->len; i++)
    {
      const GArray *intranet = ((DivertSite *) g_ptr_array_index (config->sites, i))->intranet;

      g_array_append_vals (all, intranet->data, intranet->len);
    }
  return all;
}

static gboolean
is_internet_direct (const DivertDecision *decision)
{
  return is_all_direct (decision) || decision->internet;
}

static gboolean
is_dns_direct (const DivertDecision *decision)
{
  return is_all_direct (decision) || decision->dns;
}

/* With another mark, none of the old decisions can be read any more, so everything starts afresh. */
static GArray *
everything (void)
{
  GArray *all = divert_prefixes_new ();
  DivertPrefix prefix;

  if (divert_prefix_parse ("0.0.0.0/0", &prefix, NULL))
    divert_prefixes_add (all, &prefix);
  if (divert_prefix_parse ("::/0", &prefix, NULL))
    divert_prefixes_add (all, &prefix);
  return all;
}

/* Destinations that the rules don't judge.  A flow of ours to anywhere else has begun past the proxy. */
static GArray *
collect_exempt (const DivertConfig   *config,
                const DivertDecision *now)
{
  static const char *const others[] = { "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255/32", "fe80::/10",
                                        "ff00::/8" };
  GArray *exempt = divert_prefixes_copy (config->bypass);

  g_array_append_vals (exempt, now->direct->data, now->direct->len);
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      DivertPrefix prefix;

      if (divert_prefix_parse (others[i], &prefix, NULL))
        divert_prefixes_add (exempt, &prefix);
    }
  return exempt;
}

/* What had gone direct with the internet has no mark, what was diverted has one.  So if the internet is no longer
 * direct, only the sockets without one end.  Their connections needn't be forgotten: each of their packets is judged,
 * and what was never judged is diverted. */
static void
add_internet (DivertEnding         *ending,
              const DivertConfig   *config,
              const DivertCrossing *crossing)
{
  const gboolean was = is_internet_direct (crossing->before), is = is_internet_direct (crossing->now);

  /* What has no mark goes direct for good reason, or is judged anew. */
  if (crossing->now->internet)
    g_clear_pointer (&ending->exempt, g_array_unref);
  if (was == is || is_all_direct (crossing->before))
    return;
  if (ending->exempt == NULL)
    ending->exempt = collect_exempt (config, is_all_direct (crossing->now) ? crossing->before : crossing->now);
  ending->judged_stay = !is;
  /* The kernel would send what was diverted straight to the server from now on, which has never heard of it. */
  ending->only_diverted = is_all_direct (crossing->now);
  ending->diverted = is && !ending->only_diverted;
}

/* With forward=all, own LANs share the way of everything else.  Connection tracking keeps applying their own NAT, or
 * the lack of it, to a flow that now goes the other way. */
static GArray *
collect_lans (const DivertConfig   *config,
              const DivertCrossing *crossing)
{
  if (config->forward != DIVERT_FORWARD_ALL || crossing->lans == NULL ||
      is_internet_direct (crossing->before) == is_internet_direct (crossing->now))
    return divert_prefixes_new ();
  return divert_prefixes_copy (crossing->lans);
}

void
divert_ending_free (DivertEnding *ending)
{
  if (ending == NULL)
    return;
  g_array_unref (ending->switched);
  g_array_unref (ending->intranets);
  g_array_unref (ending->lans);
  g_clear_pointer (&ending->exempt, g_array_unref);
  g_array_unref (ending->changed);
  g_ptr_array_unref (ending->units);
  g_array_unref (ending->serve);
  g_clear_pointer (&ending->unit, g_ref_string_release);
  g_free (ending);
}

DivertEnding *
divert_ending_new (const DivertConfig   *config,
                   const DivertCrossing *crossing,
                   guint32               gid)
{
  const DivertDecision *before = crossing->before, *now = crossing->now;
  DivertEnding *ending;

  /* A doubt ends nothing. */
  if (now->place == DIVERT_PLACE_HELD && !crossing->remarked)
    return NULL;
  ending = g_new0 (DivertEnding, 1);
  ending->switched = crossing->remarked ? everything () : find_switched (config, crossing);
  ending->intranets = collect_intranets (config, crossing);
  ending->lans = collect_lans (config, crossing);
  ending->exempt = crossing->first || divert_parts_judge (crossing->drifted) ? collect_exempt (config, now) : NULL;
  ending->judged_stay = !crossing->first;
  ending->changed = divert_prefixes_new ();
  ending->units = g_ptr_array_new_with_free_func ((GDestroyNotify) g_ref_string_release);
  add_internet (ending, config, crossing);
  ending->dns = config->dns_port != 0 && (crossing->drifted != 0 || crossing->circular ||
                                            is_dns_direct (before) != is_dns_direct (now));
  /* A proxy may answer with addresses of its own invention. */
  ending->names = config->dns_port != 0 && ((before != NULL && is_dns_direct (before)) != is_dns_direct (now));
  divert_ending_add_settings (ending, config, crossing, gid);
  ending->mark = divert_ruleset_get_spare_mark (config);
  ending->served = divert_ruleset_get_served_mark (config);
  ending->serve = g_array_ref (config->serve);
  ending->ephemeral = crossing->ephemeral;
  ending->diverted_mark = config->mark;
  ending->mask = config->mask;
  ending->gid = gid;
  ending->unit = crossing->unit != NULL ? g_ref_string_acquire (crossing->unit) : NULL;
  /* Connections that others opened to us from an intranet's address were let through because of the place we were
   * at. */
  ending->opened_to_us = (crossing->left || ending->switched->len > 0) && ending->mark != 0;
  if (ending->switched->len == 0 && ending->lans->len == 0 && !ending->dns && !ending->names &&
      !ending->opened_to_us && ending->exempt == NULL && ending->changed->len == 0 && ending->units->len == 0)
    g_clear_pointer (&ending, divert_ending_free);
  return ending;
}

static void
merge_prefixes (GArray       **prefixes,
                const GArray  *further)
{
  GArray *merged;

  g_array_append_vals (*prefixes, further->data, further->len);
  merged = divert_prefixes_merge (*prefixes);
  g_array_unref (*prefixes);
  *prefixes = merged;
}

void
divert_ending_exempt (DivertEnding *ending,
                      const GArray *spared)
{
  GArray *exempt = ending->exempt != NULL ? divert_prefixes_common (ending->exempt, spared)
                                          : divert_prefixes_copy (spared);

  g_clear_pointer (&ending->exempt, g_array_unref);
  ending->exempt = exempt;
}

void
divert_ending_merge (DivertEnding *ending,
                     DivertEnding *earlier)
{
  merge_prefixes (&ending->switched, earlier->switched);
  merge_prefixes (&ending->intranets, earlier->intranets);
  merge_prefixes (&ending->lans, earlier->lans);
  ending->judged_stay =
    (ending->exempt == NULL || ending->judged_stay) && (earlier->exempt == NULL || earlier->judged_stay);
  ending->only_diverted =
    (ending->exempt == NULL || ending->only_diverted) && (earlier->exempt == NULL || earlier->only_diverted);
  if (earlier->exempt != NULL)
    divert_ending_exempt (ending, earlier->exempt);
  merge_prefixes (&ending->changed, earlier->changed);
  g_ptr_array_extend_and_steal (ending->units, g_steal_pointer (&earlier->units));
  earlier->units = g_ptr_array_new ();
  ending->diverted |= earlier->diverted;
  ending->dns |= earlier->dns;
  ending->names |= earlier->names;
  ending->opened_to_us |= earlier->opened_to_us;
}
