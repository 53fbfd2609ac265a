/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: which gateways and beacons are asked, and when an answer is too old.
 */
#include "inquiry.h"

#include "core/place/proof.h"
#include "core/place/router.h"
#include "core/ruleset/ruleset.h"

static gboolean
is_same_access_point (const DivertConnection *a,
                      const DivertConnection *b)
{
  return a->has_bssid == b->has_bssid && (!a->has_bssid || divert_mac_equal (&a->bssid, &b->bssid));
}

/* Some Wi-Fi drivers move to another access point by themselves, without carrier loss.  It may be anybody's, so what
 * has answered through the old one counts no more, and neither does what is being asked through it.  A house has many
 * access points, and flows must not end each time somebody walks through a door: the hold sees to that, as it does when
 * the carrier is lost (core/memory/hold.c). */
void
divert_inquiry_follow_access_points (DivertKernel      *kernel,
                                     const DivertFacts *before,
                                     const DivertFacts *now)
{
  for (guint i = 0; before != NULL && i < now->connections->len; i++)
    {
      const DivertConnection *connection = g_ptr_array_index (now->connections, i);
      const DivertLink *link = divert_facts_find_link (before, connection->device);

      for (guint j = 0; j < before->connections->len; j++)
        {
          const DivertConnection *old = g_ptr_array_index (before->connections, j);

          if (g_strcmp0 (old->device, connection->device) == 0 &&
              g_strcmp0 (old->activation, connection->activation) == 0 && !is_same_access_point (old, connection))
            divert_kernel_distrust (kernel, link != NULL ? link->ifindex : 0);
        }
    }
}

/* If a link may be a different network since the last run, a beacon's old answer means nothing. */
void
divert_inquiry_distrust (DivertBeacons     *beacons,
                         const DivertFacts *before,
                         const DivertFacts *now)
{
  for (guint i = 0; i < now->links->len; i++)
    {
      const DivertLink *link = g_ptr_array_index (now->links, i);
      const DivertLink *old = before != NULL ? divert_facts_find_link (before, link->name) : NULL;

      if (old == NULL || old->ifindex != link->ifindex || old->epoch != link->epoch)
        divert_beacons_distrust (beacons, link->ifindex);
    }
}

/* A beacon is asked last, when everything else speaks for the site, because we don't want to bother somebody else's
 * host.  It is asked again as long as that is so, because a good answer has to be renewed. */
static void
ask_for_proof (DivertKernel          *kernel,
               DivertBeacons         *beacons,
               const DivertConfig    *config,
               const DivertCandidate *candidate,
               const DivertProof     *proof)
{
  if ((proof->kind == DIVERT_PROOF_GATEWAY_MAC || proof->kind == DIVERT_PROOF_ROUTER) &&
      proof->outcome != DIVERT_OUTCOME_HOLDS)
    divert_kernel_resolve_gateways (kernel, candidate->ifindex);
  else if (proof->kind == DIVERT_PROOF_BEACON && divert_candidate_holds_but_for (candidate, DIVERT_PROOF_BEACON))
    divert_beacons_ask (beacons, divert_config_find_site (config, candidate->site), candidate->ifindex,
                        divert_ruleset_get_bypass_mark (config));
}

void
divert_inquiry_name_routers (DivertKernel       *kernel,
                             const DivertConfig *config)
{
  g_autoptr(GArray) addresses = divert_routers_list (config);

  divert_kernel_set_routers (kernel, addresses);
}

void
divert_inquiry_ask (DivertKernel         *kernel,
                    DivertBeacons        *beacons,
                    const DivertConfig   *config,
                    const DivertFacts    *facts,
                    const DivertDecision *decision)
{
  g_autoptr(GArray) proven = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint i = 0; decision->place == DIVERT_PLACE_SITE && i < decision->exits->len; i++)
    g_array_append_val (proven, ((const DivertExit *) g_ptr_array_index (decision->exits, i))->ifindex);
  divert_kernel_trust_neighbours (kernel, proven);

  for (guint i = 0; i < decision->candidates->len; i++)
    {
      const DivertCandidate *candidate = g_ptr_array_index (decision->candidates, i);
      const DivertLink *link = divert_facts_find_link (facts, candidate->device);

      /* While the link is not up (which includes a Wi-Fi before its handshake), nobody hears the question, and the
       * kernel repeats it only a second later. */
      if (!candidate->identified || link == NULL || !link->carrier)
        continue;
      for (guint j = 0; j < candidate->proofs->len; j++)
        ask_for_proof (kernel, beacons, config, candidate, g_ptr_array_index (candidate->proofs, j));
      /* A connection that proves a site is anchored to its gateways, even if the site doesn't name any. */
      if (candidate->proven)
        divert_kernel_resolve_gateways (kernel, candidate->ifindex);
    }
}
