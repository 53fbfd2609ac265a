/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: where judged packets end up: the proxy's TPROXY port (DELIVER, DELIVER_INTRANET) or its DNS
 * port (DNS).
 *
 * What is for a port that nobody listens on, or somebody other than the proxy, is refused.  A port of which nothing is
 * known counts as good.  The DNS port needs no such rule: the kernel refuses what is redirected to a closed port.  If
 * the resolver there asks itself, DNS is redirected to another port, which is closed.
 *
 * By lo a packet reaches a proxy that listens on all addresses or on the loopback address.  What comes
 * from an own LAN has to be told to look there, because the kernel would look on the LAN device's address.
 */
#include "ruleset-private.h"

#include <glib/gi18n-lib.h>
#include <netinet/in.h>

/* What becomes of what is for a port. */
typedef enum
{
  FEED,
  REFUSE_CLOSED,
  REFUSE_FOREIGN,
  REFUSE_UNKNOWN,
} Feed;

static const struct
{
  DivertVerdict verdict;
  const char   *why;
} feeds[] = {
  [FEED] = { DIVERT_VERDICT_TPROXY, NULL },
  [REFUSE_CLOSED] = { DIVERT_VERDICT_REFUSE, N_("the proxy does not listen, so it is refused") },
  [REFUSE_FOREIGN] = { DIVERT_VERDICT_REFUSE, N_("what listens there is not the proxy, so it is refused") },
  [REFUSE_UNKNOWN] = { DIVERT_VERDICT_REFUSE, N_("the proxy's unit does not run") },
};

/* A proxy whose unit has just been started isn't known for a moment, so what it sends is diverted.  If it got that
 * back, it would send it again, and so on.  So the proxy gets nothing while nobody is known for it. */
static Feed
find_feed (const DivertMaker *m,
           guint16            port,
           guint8             protocol,
           DivertFamily       family)
{
  const DivertListening *item =
    m->listening != NULL ? divert_listening_find (m->listening, DIVERT_PORT_TPROXY, port, protocol, family) : NULL;

  if (!divert_maker_knows_proxy (m))
    return REFUSE_UNKNOWN;
  if (item == NULL || item->listener == DIVERT_LISTENER_GOOD)
    return FEED;
  return item->listener == DIVERT_LISTENER_FOREIGN ? REFUSE_FOREIGN : REFUSE_CLOSED;
}

/* The families in which @feed is the answer. */
static DivertFamilies
find_families (const DivertMaker *m,
               guint16            port,
               guint8             protocol,
               Feed               feed)
{
  DivertFamilies families = DIVERT_FAMILIES_NONE;

  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    if (find_feed (m, port, protocol, family) == feed)
      families |= 1 << family;
  return families & m->families;
}

static void
add_feed (const DivertMaker *m,
          DivertChain        chain,
          GArray            *prefixes,
          guint16            port,
          Feed               feed,
          DivertFamilies     families,
          guint              protocols)
{
  DivertRule *rule;

  if (families == DIVERT_FAMILIES_NONE)
    return;
  rule = divert_maker_add (m, chain, feeds[feed].verdict, feeds[feed].why);
  rule->families = families;
  rule->protocols = protocols;
  rule->port = feed >= REFUSE_FOREIGN ? 0 : port;
  if (rule->verdict == DIVERT_VERDICT_REFUSE)
    rule->refused_port = port;
  rule->on_loopback = rule->port != 0 && m->lans->len > 0;
  if (prefixes != NULL)
    rule->destinations = g_array_ref (prefixes);
}

/* @prefixes: limits the rules to these destinations, and is merged; NULL: no limit. */
static void
add_tproxy (const DivertMaker *m,
            DivertChain        chain,
            GArray            *prefixes,
            guint16            port)
{
  for (Feed feed = FEED; feed <= REFUSE_UNKNOWN; feed++)
    {
      const DivertFamilies tcp = find_families (m, port, IPPROTO_TCP, feed);
      const DivertFamilies udp = find_families (m, port, IPPROTO_UDP, feed);

      add_feed (m, chain, prefixes, port, feed, tcp & udp, DIVERT_PROTOCOLS_TCP_UDP);
      add_feed (m, chain, prefixes, port, feed, tcp & ~udp, DIVERT_PROTOCOL_TCP);
      add_feed (m, chain, prefixes, port, feed, udp & ~tcp, DIVERT_PROTOCOL_UDP);
    }
}

static gboolean
has_own_port (const DivertMaker *m,
              const DivertSite  *site)
{
  return site->tproxy_port != 0 && site->tproxy_port != m->config->tproxy_port;
}

static void
add_held_drops (const DivertMaker *m)
{
  DivertRule *rule;

  if (m->decision->place != DIVERT_PLACE_HELD)
    return;
  rule = divert_maker_add (m, DIVERT_CHAIN_DELIVER_INTRANET, DIVERT_VERDICT_DROP,
                           N_("the site is in doubt for a moment: its intranet is blocked"));
  rule->destinations = g_array_ref (m->decision->direct);
}

/* Nobody can answer 0.0.0.0.  A proxy that tries to connects to its own end instead, which is the server's address, and
 * its answers leave by the wire (K3.8). */
static void
add_unanswerable (const DivertMaker *m)
{
  static const DivertPrefix nowhere = { .family = DIVERT_FAMILY_IPV4, .length = 32 };
  DivertRule *rule = divert_maker_add (m, DIVERT_CHAIN_DELIVER, DIVERT_VERDICT_DROP, NULL);

  rule->families &= DIVERT_FAMILIES_IPV4;
  rule->sources = divert_prefixes_new ();
  divert_prefixes_add (rule->sources, &nowhere);
}

/* Does anything depend on the intranet that a packet is for? */
static gboolean
distinguishes_intranets (const DivertMaker *m)
{
  gboolean distinguishes = m->decision->place == DIVERT_PLACE_HELD;

  for (guint i = 0; i < m->config->sites->len && !distinguishes; i++)
    distinguishes = has_own_port (m, g_ptr_array_index (m->config->sites, i));
  return distinguishes;
}

void
divert_ruleset_make_delivery (const DivertMaker *m,
                              GArray            *intranets)
{
  DivertRule *rule;

  add_unanswerable (m);
  if (distinguishes_intranets (m))
    {
      rule = divert_maker_add_to (m, DIVERT_CHAIN_DELIVER, DIVERT_VERDICT_GOTO, DIVERT_CHAIN_DELIVER_INTRANET);
      rule->destinations = g_array_ref (intranets);
    }
  add_tproxy (m, DIVERT_CHAIN_DELIVER, NULL, m->config->tproxy_port);
  /* Only such packets have our mark.  The rest must not pass for packets to a service on this machine. */
  divert_maker_add (m, DIVERT_CHAIN_DELIVER, DIVERT_VERDICT_DROP, NULL);

  add_held_drops (m);
  /* First the sites with a port of their own, then the common one. */
  for (guint i = 0; i < m->config->sites->len; i++)
    {
      const DivertSite *site = g_ptr_array_index (m->config->sites, i);
      g_autoptr(GArray) prefixes = NULL;

      if (!has_own_port (m, site))
        continue;
      prefixes = divert_prefixes_merge (site->intranet);
      add_tproxy (m, DIVERT_CHAIN_DELIVER_INTRANET, prefixes, site->tproxy_port);
    }
  add_tproxy (m, DIVERT_CHAIN_DELIVER_INTRANET, NULL, m->config->tproxy_port);
}

void
divert_ruleset_make_dns (const DivertMaker *m)
{
  DivertRule *rule;

  rule = divert_maker_add_leave (m, DIVERT_CHAIN_DNS, N_("a resolver of this machine is left alone"));
  g_strlcpy (rule->out_interface, "lo", sizeof rule->out_interface);
  rule = divert_maker_add_leave (m, DIVERT_CHAIN_DNS, N_("somebody else's mark is left alone"));
  divert_match_foreign_mark (rule);
  rule = divert_maker_add_leave (m, DIVERT_CHAIN_DNS, N_("the proxy's own packets are left alone"));
  divert_maker_match_own (m, rule);
  divert_maker_redirect_dns (m, DIVERT_CHAIN_DNS);
}
