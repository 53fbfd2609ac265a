/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the decision as a value: its memory, its text form, and questions about it.
 */
#include "decision-private.h"

#include "proof.h"

static void
exit_free (DivertExit *way_out)
{
  g_free (way_out->device);
  g_array_unref (way_out->sources);
  g_free (way_out);
}

GPtrArray *
divert_exits_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) exit_free);
}

GPtrArray *
divert_exits_copy (const GPtrArray *exits)
{
  GPtrArray *copy = divert_exits_new ();

  for (guint i = 0; i < exits->len; i++)
    {
      const DivertExit *way_out = g_ptr_array_index (exits, i);
      DivertExit *other = g_new0 (DivertExit, 1);

      other->device = g_strdup (way_out->device);
      other->ifindex = way_out->ifindex;
      other->sources = divert_prefixes_copy (way_out->sources);
      g_ptr_array_add (copy, other);
    }
  return copy;
}

void
divert_reason_clear (DivertReason *reason)
{
  g_free (reason->site);
  g_free (reason->device);
  g_free (reason->id);
  g_free (reason->expected);
  g_free (reason->found);
  *reason = (DivertReason) { 0 };
}

DivertDecision *
divert_decision_new (void)
{
  DivertDecision *decision = g_atomic_rc_box_new0 (DivertDecision);

  decision->place = DIVERT_PLACE_AWAY;
  decision->direct = divert_prefixes_new ();
  decision->exits = divert_exits_new ();
  decision->reason = g_new0 (DivertReason, 1);
  decision->candidates = g_ptr_array_new_with_free_func ((GDestroyNotify) divert_candidate_free);
  return decision;
}

DivertDecision *
divert_decision_ref (const DivertDecision *decision)
{
  return g_atomic_rc_box_acquire ((DivertDecision *) decision);
}

static void
clear (gpointer data)
{
  DivertDecision *decision = data;

  g_free (decision->site);
  g_array_unref (decision->direct);
  g_ptr_array_unref (decision->exits);
  divert_reason_clear (decision->reason);
  g_free (decision->reason);
  g_ptr_array_unref (decision->candidates);
}

void
divert_decision_free (DivertDecision *decision)
{
  if (decision != NULL)
    g_atomic_rc_box_release_full (decision, clear);
}

const DivertCandidate *
divert_decision_find_candidate (const DivertDecision   *decision,
                                const char             *site,
                                const DivertConnection *connection)
{
  for (guint i = 0; i < decision->candidates->len; i++)
    {
      const DivertCandidate *candidate = g_ptr_array_index (decision->candidates, i);

      if (g_strcmp0 (candidate->site, site) == 0 && g_strcmp0 (candidate->uuid, connection->uuid) == 0 &&
          g_strcmp0 (candidate->device, connection->device) == 0)
        return candidate;
    }
  return NULL;
}

gboolean
divert_decision_is_pending (const DivertDecision *decision)
{
  for (guint i = 0; i < decision->candidates->len; i++)
    {
      const DivertCandidate *candidate = g_ptr_array_index (decision->candidates, i);

      if (candidate->identified && candidate->pending)
        return TRUE;
    }
  return FALSE;
}

const char *
divert_decision_get_place (const DivertDecision *decision)
{
  switch (decision->place)
    {
    case DIVERT_PLACE_OFF:
      return "off";
    case DIVERT_PLACE_SITE:
      return decision->site;
    case DIVERT_PLACE_HELD:
    case DIVERT_PLACE_AWAY:
    default:
      return "away";
    }
}

const char *
divert_decision_get_device (const DivertDecision *decision)
{
  if (decision->place != DIVERT_PLACE_SITE || decision->exits->len == 0)
    return "";
  return ((const DivertExit *) g_ptr_array_index (decision->exits, 0))->device;
}

char *
divert_decision_to_text (const DivertDecision *decision)
{
  g_autoptr(GString) text = g_string_new (NULL);
  g_autofree char *reason = divert_reason_to_text (decision->reason, NULL);
  g_autofree char *direct = divert_prefixes_to_string (decision->direct);

  g_string_append_printf (text, "place: %s\nreason: %s: %s\n", divert_decision_get_place (decision),
                          divert_reason_code_name (decision->reason->code), reason);
  g_string_append_printf (text, "direct: %s\n", direct);
  if (decision->internet || decision->dns)
    g_string_append_printf (text, "direct also:%s%s\n", decision->internet ? " internet" : "",
                            decision->dns ? " dns" : "");
  for (guint i = 0; i < decision->exits->len; i++)
    {
      const DivertExit *way_out = g_ptr_array_index (decision->exits, i);
      g_autofree char *sources = divert_prefixes_to_string (way_out->sources);

      g_autofree char *device = divert_escape (way_out->device);

      g_string_append_printf (text, "exit: %s from %s\n", device, sources);
    }
  for (guint i = 0; i < decision->candidates->len; i++)
    {
      const DivertCandidate *candidate = g_ptr_array_index (decision->candidates, i);
      g_autofree char *id = divert_escape (candidate->id);
      g_autofree char *device = divert_escape (candidate->device);

      g_string_append_printf (text, "candidate: %s by '%s' on %s: %s\n", candidate->site, id, device,
                              candidate->proven ? "proven" : candidate->pending ? "pending" : "not proven");
      for (guint j = 0; j < candidate->proofs->len; j++)
        {
          const DivertProof *proof = g_ptr_array_index (candidate->proofs, j);
          g_autofree char *line = divert_proof_to_text (proof, NULL);

          g_string_append_printf (text, "  %s: %s\n", divert_outcome_name (proof->outcome), line);
        }
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}
