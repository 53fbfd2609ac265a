/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns: the object that lays, and what it gets to lay. */
#include "laying-fixture.h"

#include "values.h"

static const char config_text[] =
  "[proxy]\ngroup=1\n"
  "[site home]\nintranet=192.168.22.0/24\nzone=home\n";

static void
on_retry (gpointer user_data)
{
  Fixture *f = user_data;

  f->retries++;
}

void
set_up (Fixture       *f,
        gconstpointer  user_data)
{
  g_autoptr(GError) error = NULL;

  test_namespace_enter ();
  test_run ("ip link set lo up");
  f->config = test_config_new (config_text);
  f->backend = divert_backend_fake_new ();
  f->laying = divert_laying_new (f->backend, on_retry, f, &error);
  g_assert_no_error (error);
}

void
tear_down (Fixture       *f,
           gconstpointer  user_data)
{
  g_clear_pointer (&f->problems, g_ptr_array_unref);
  divert_laying_free (f->laying);
  divert_config_free (f->config);
}

static DivertLink *
add_link (DivertFacts *facts,
          const char  *name,
          guint        ifindex)
{
  static const DivertMac own = { { 2, 0, 0, 0, 0, 4 } };
  DivertLink *link = divert_link_new ();

  link->name = g_strdup (name);
  link->ifindex = ifindex;
  g_array_append_val (link->own_macs, own);
  g_ptr_array_add (facts->links, link);
  return link;
}

static void
add_shared (DivertFacts    *facts,
            DivertDecision *decision,
            gboolean        granted)
{
  const DivertLink *link = add_link (facts, "eth0", 10);
  DivertExit *way_out;

  if (!granted)
    return;
  way_out = g_new0 (DivertExit, 1);
  way_out->device = g_strdup (link->name);
  way_out->ifindex = link->ifindex;
  way_out->sources = divert_prefixes_new ();
  g_ptr_array_add (decision->exits, way_out);
}

DivertLaid
lay_granting (Fixture        *f,
              DivertModeKind  kind,
              const char     *direct,
              gboolean        has_gid,
              guint          *ret_writes)
{
  const guint32 gid = 1;
  g_autoptr(DivertMode) mode = divert_mode_new (kind, NULL);
  g_autoptr(DivertFacts) facts = divert_facts_new ();
  g_autoptr(DivertDecision) decision = divert_decide (f->config, mode, facts);
  DivertApplied applied;
  DivertLaid laid;

  if (direct != NULL)
    {
      decision->place = DIVERT_PLACE_SITE;
      decision->internet = f->internet;
      test_prefixes_add (decision->direct, direct);
    }
  if (f->shared)
    add_shared (facts, decision, direct != NULL);
  if (f->gone)
    add_link (facts, "eth1", 11);
  g_clear_pointer (&f->problems, g_ptr_array_unref);
  f->problems = g_ptr_array_new_with_free_func ((GDestroyNotify) divert_problem_free);
  divert_laying_close (f->laying, f->config, decision, facts, f->problems, &applied);
  laid = divert_laying_lay (f->laying, f->config, has_gid ? &gid : NULL, decision, facts, f->problems, &applied);
  if (ret_writes != NULL)
    *ret_writes = applied.writes;
  return laid;
}

DivertLaid
lay (Fixture        *f,
     DivertModeKind  kind,
     gboolean        has_gid,
     guint          *ret_writes)
{
  return lay_granting (f, kind, NULL, has_gid, ret_writes);
}

void
set_error (Fixture *f,
           gint     code)
{
  g_autoptr(GError) error = code >= 0 ? g_error_new_literal (DIVERT_BACKEND_ERROR, code, "so") : NULL;

  divert_backend_fake_set_error (f->backend, error);
}

DivertProblemCode
get_problem (Fixture *f)
{
  g_assert_cmpuint (f->problems->len, ==, 1);
  return ((DivertProblem *) f->problems->pdata[0])->code;
}

gboolean
has_rule (void)
{
  g_autofree char *rules = test_output ("ip rule; ip -6 rule");

  return test_count (rules, "fwmark 0x17/0xff") == 2;
}

gboolean
was_retried (gpointer user_data)
{
  return ((Fixture *) user_data)->retries > 0;
}
