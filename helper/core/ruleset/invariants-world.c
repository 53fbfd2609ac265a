/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: what the invariants are checked against: the rulesets, and what is known of the machine.
 */
#include "invariants-private.h"

static void
collect_intranets (DivertWorld       *world,
                   const DivertFacts *facts)
{
  world->intranets = divert_prefixes_copy (world->decision->direct);
  g_array_append_vals (world->intranets, facts->former->data, facts->former->len);
  for (guint i = 0; i < world->config->sites->len; i++)
    {
      const GArray *intranet = ((DivertSite *) g_ptr_array_index (world->config->sites, i))->intranet;

      g_array_append_vals (world->intranets, intranet->data, intranet->len);
    }
}

static void
find_units (DivertWorld       *world,
            const DivertFacts *facts)
{
  const DivertConfig *config = world->config;
  const DivertUnit *unit = config->unit != NULL ? divert_facts_find_unit (facts, config->unit) : NULL;

  world->unit = unit != NULL ? unit->id : 0;
  for (guint i = 0; i < facts->units->len && world->exempt == 0; i++)
    {
      const DivertUnit *other = g_ptr_array_index (facts->units, i);

      if (g_strv_contains ((const char *const *) config->exempt_units, divert_cgroup_path_unit (other->path)))
        world->exempt = other->id;
    }
}

DivertWorld *
divert_world_new (const DivertRuleset *ruleset,
                  const DivertOrigin  *origin,
                  DivertFault          fault,
                  gpointer             user_data)
{
  DivertWorld *world = g_new0 (DivertWorld, 1);

  world->config = origin->config;
  world->decision = origin->decision;
  world->listening = origin->facts->listening;
  world->gid = origin->gid;
  divert_walker_init (&world->ruleset, ruleset);
  divert_walker_init (&world->guard_alone, ruleset);
  G_STATIC_ASSERT (DIVERT_HOOK_OUTPUT == 0);
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    world->guard_alone.first[family][DIVERT_HOOK_OUTPUT] = world->guard_alone.first[family][DIVERT_HOOK_OUTPUT + 1];
  world->ephemeral = divert_ports_know_ephemeral (origin->facts->ephemeral);
  world->foreign_mark = divert_ruleset_get_bypass_mark (origin->config);
  world->fault = fault;
  world->user_data = user_data;
  collect_intranets (world, origin->facts);
  find_units (world, origin->facts);
  return world;
}

void
divert_world_free (DivertWorld *world)
{
  divert_walker_clear (&world->ruleset);
  divert_walker_clear (&world->guard_alone);
  g_array_unref (world->intranets);
  g_free (world);
}
