/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: what goes direct although a site has nothing to do with it, told by its addresses or by the mark of its
 * connection.  With MARK_LEAVE it gets the spare mark, and so passes the fence (ruleset-pass.c).
 */
#include "ruleset-private.h"

#include <glib/gi18n-lib.h>

static DivertRule *
add (const DivertMaker *m,
     DivertChain        chain,
     DivertVerdict      verdict,
     const char        *why)
{
  DivertRule *rule = divert_maker_add (m, chain, verdict, why);

  if (verdict == DIVERT_VERDICT_MARK_LEAVE)
    divert_maker_set_mark (m, rule, m->spare);
  return rule;
}

void
divert_exemptions_add_link_local (const DivertMaker *m,
                                  DivertChain        chain,
                                  DivertVerdict      verdict)
{
  static const DivertPrefix prefixes[] = {
    { .family = DIVERT_FAMILY_IPV4, .length = 16, .bytes = { 169, 254 } },
    { .family = DIVERT_FAMILY_IPV6, .length = 10, .bytes = { 0xfe, 0x80 } },
  };
  DivertRule *rule = add (m, chain, verdict, N_("link-local addresses are reached directly"));

  rule->destinations = divert_prefixes_new ();
  g_array_append_vals (rule->destinations, prefixes, G_N_ELEMENTS (prefixes));
}

void
divert_exemptions_add_bypass (const DivertMaker *m,
                              DivertChain        chain,
                              DivertVerdict      verdict)
{
  add (m, chain, verdict, N_("a bypass prefix is reached directly"))->destinations = g_array_ref (m->bypass);
}

void
divert_exemptions_add_served (const DivertMaker *m,
                              DivertChain        chain,
                              DivertVerdict      verdict)
{
  static const DivertProtocol protocols[] = { DIVERT_PROTOCOL_TCP, DIVERT_PROTOCOL_UDP };

  for (guint i = 0; m->served != 0 && i < G_N_ELEMENTS (protocols); i++)
    divert_maker_match_remembered (m, add (m, chain, verdict,
                                           N_("a connection of the proxy's own, or opened to us, is left alone")),
                                   protocols[i], m->served);
}

void
divert_exemptions_add_special (const DivertMaker *m,
                               DivertChain        chain,
                               DivertVerdict      verdict)
{
  static const struct
  {
    DivertFamilies families;
    guint          types;
  } kinds[] = {
    { DIVERT_FAMILIES_IPV4, DIVERT_ADDRTYPE_LOCAL | DIVERT_ADDRTYPE_BROADCAST | DIVERT_ADDRTYPE_MULTICAST },
    /* Two rules, because an IPv6 address never matches two types at once (K1.8). */
    { DIVERT_FAMILIES_IPV6, DIVERT_ADDRTYPE_LOCAL },
    { DIVERT_FAMILIES_IPV6, DIVERT_ADDRTYPE_MULTICAST },
  };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      DivertRule *rule = add (m, chain, verdict, N_("own, multicast and broadcast addresses are reached directly"));

      rule->families &= kinds[i].families;
      rule->dst_types = kinds[i].types;
    }
}
