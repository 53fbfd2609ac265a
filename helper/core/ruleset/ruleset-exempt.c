/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: what programs in exempt-units= send, which goes direct.
 *
 * JUDGE gets here only with what is for no intranet, and is no DNS.  The control group belongs to the socket, so
 * nothing that a stranger sends can look like it.  The kernel goes on after the socket is gone, though: it confirms the
 * other side's FIN for another minute.  So a TCP connection gets the served mark, by one of its own packets.  That is
 * left alone unless it goes to an intranet.
 */
#include "ruleset-private.h"

#include <glib/gi18n-lib.h>

static void
add_unit (const DivertMaker *m,
          const DivertUnit  *unit,
          DivertChain        chain,
          guint32            mark)
{
  DivertRule *rule = divert_maker_add (m, chain, DIVERT_VERDICT_CONNMARK, NULL);

  rule->protocols = DIVERT_PROTOCOL_TCP;
  divert_maker_set_mark (m, rule, m->served);
  divert_rule_match_unit (rule, unit);
  rule = divert_maker_add_leave (m, chain, N_("a program of an exempt unit goes direct"));
  divert_rule_match_unit (rule, unit);
  if (mark == 0)
    return;
  rule->verdict = DIVERT_VERDICT_MARK_LEAVE;
  divert_maker_set_mark (m, rule, mark);
}

void
divert_exempt_add_units (const DivertMaker *m,
                         DivertChain        chain,
                         guint32            mark)
{
  for (guint i = 0; m->facts != NULL && i < m->facts->units->len; i++)
    {
      const DivertUnit *unit = g_ptr_array_index (m->facts->units, i);

      if (g_strv_contains ((const char *const *) m->config->exempt_units, divert_cgroup_path_unit (unit->path)))
        add_unit (m, unit, chain, mark);
    }
}
