/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the wording of the findings, their gravity, and the advice on each.
 */
#include "finding.h"

#include <glib/gi18n-lib.h>

static const struct
{
  const char    *name;
  DivertGravity  gravity;
  const char    *text;   /* msgid */
  const char    *advice; /* msgid */
} kinds[] = {
  [DIVERT_FINDING_POLICY_TAKES] = {
    "rule-takes", DIVERT_GRAVITY_GRAVE,
    N_("an ip rule before ours takes packets that should go to the proxy, and they are lost or leave past it"),
    N_("move it behind ours") },
  [DIVERT_FINDING_OTHER_PROXY] = {
    "other-proxy", DIVERT_GRAVITY_GRAVE,
    N_("another program diverts this machine's packets to a port of its own"),
    N_("switch that program's own rules off, and remove what they left") },
  [DIVERT_FINDING_OLD_RULES] = {
    "old-rules", DIVERT_GRAVITY_GRAVE,
    N_("rules that are not ours divert packets to the proxy as well, at home too, and both sets fight"),
    N_("remove the script that lays them, and what it left") },
  [DIVERT_FINDING_MARK] = {
    "mark", DIVERT_GRAVITY_GRAVE,
    N_("a rule overwrites bits of our mark, so the packets that it marks go past the proxy or nowhere"),
    N_("remove it, or choose other bits with mark= and mask= under [divert]") },
  [DIVERT_FINDING_CONNECTION_MARK] = {
    "connection-mark", DIVERT_GRAVITY_GRAVE,
    N_("a rule overwrites bits of our mark on connections, so we forget which way they were judged to go"),
    N_("remove it, or choose other bits with mark= and mask= under [divert]") },
  [DIVERT_FINDING_REVERSE_PATH] = {
    "reverse-path", DIVERT_GRAVITY_GRAVE,
    N_("a reverse path filter drops the IPv6 packets that should go to the proxy"),
    N_("set backend=nftables under [divert], or IPv6_rpfilter=no in firewalld.conf") },
  [DIVERT_FINDING_REPLIES] = {
    "replies", DIVERT_GRAVITY_GRAVE,
    N_("a rule drops what comes in from lo for a tunnel's address, so the proxy's answers don't reach the programs "
       "here"),
    N_("remove it; the tunnel lays it again each time it comes up") },
  [DIVERT_FINDING_UNIT] = {
    "unit", DIVERT_GRAVITY_GRAVE,
    N_("the proxy's unit does not run, so its packets can't be told from others, and it gets nothing"),
    N_("start it, or correct unit= under [proxy]") },
  [DIVERT_FINDING_OUR_MARK] = {
    "our-mark", DIVERT_GRAVITY_WARNING,
    N_("a rule gives packets our mark, so they are taken for packets that should go to the proxy"),
    N_("remove it, or choose another mark with mark= and mask= under [divert]") },
  [DIVERT_FINDING_DROPPED] = {
    "dropped", DIVERT_GRAVITY_WARNING,
    N_("a chain drops what comes in from lo, so packets that should go to the proxy may not reach it"),
    N_("accept what comes in from lo") },
  [DIVERT_FINDING_DNS_REFUSED] = {
    "dns-refused", DIVERT_GRAVITY_WARNING,
    N_("a rule refuses what leaves for ::1, which is where DNS over IPv6 goes on its way to the proxy"),
    N_("remove it, or set RFC3964_IPv4=no in firewalld.conf") },
  [DIVERT_FINDING_UNTRACKED] = {
    "untracked", DIVERT_GRAVITY_WARNING,
    N_("a rule hides packets of this machine from connection tracking, so their DNS is not redirected"),
    N_("remove it, or narrow it to what needs it") },
  [DIVERT_FINDING_TUNNEL] = {
    "tunnel", DIVERT_GRAVITY_WARNING,
    N_("a tunnel takes everything and sets no mark, so its own packets go to the proxy, and the proxy's into the "
       "tunnel"),
    N_("put the address of the tunnel's server into bypass under [divert], or run the tunnel in the proxy's group") },
  [DIVERT_FINDING_POLICY_BEFORE] = {
    "rule-before", DIVERT_GRAVITY_WARNING,
    N_("an ip rule before ours takes packets that should go to the proxy whenever its table has a route for them"),
    N_("move it behind ours") },
  [DIVERT_FINDING_POLICY_LEFT] = {
    "rule-left", DIVERT_GRAVITY_WARNING,
    N_("an ip rule for our mark or our table is not ours, and stays when ours goes"),
    N_("remove the script that lays it, and what it left") },
  [DIVERT_FINDING_POLICY_MARK] = {
    "rule-mark", DIVERT_GRAVITY_WARNING,
    N_("another program's mark has ours within it, so its packets are taken for packets that should go to the proxy"),
    N_("choose other bits with mark= and mask= under [divert]") },
  [DIVERT_FINDING_DNS_WILDCARD] = {
    "dns-wildcard", DIVERT_GRAVITY_NOTE,
    N_("the proxy's resolver listens on all addresses; programs get its answers only if it sends them from the address "
       "that was asked, which can't be seen from outside"),
    N_("if names fail, let it listen on 127.0.0.1 and ::1 instead") },
  [DIVERT_FINDING_UNREAD] = {
    "unread", DIVERT_GRAVITY_NOTE, N_("this part of the kernel could not be read, so nothing is known about it"),
    N_("see the log of the helper") },
  [DIVERT_FINDING_CUT] = {
    "cut", DIVERT_GRAVITY_NOTE, N_("there is too much here to look at or to show, so some of it is missing"),
    N_("look at the rest by hand") },
};
G_STATIC_ASSERT (G_N_ELEMENTS (kinds) == DIVERT_N_FINDINGS);

DivertFinding *
divert_finding_new (DivertFindingKind  kind,
                    char              *where,
                    char              *rule,
                    const char        *owner,
                    char              *command)
{
  DivertFinding *finding = g_new0 (DivertFinding, 1);

  finding->kind = kind;
  finding->where = where;
  finding->rule = rule;
  finding->owner = owner;
  finding->command = command;
  finding->count = 1;
  return finding;
}

void
divert_finding_free (DivertFinding *finding)
{
  if (finding == NULL)
    return;
  g_free (finding->where);
  g_free (finding->rule);
  g_free (finding->command);
  g_free (finding);
}

DivertGravity
divert_finding_kind_get_gravity (DivertFindingKind kind)
{
  return kinds[kind].gravity;
}

const char *
divert_finding_kind_to_text (DivertFindingKind kind,
                             DivertTranslate   translate)
{
  return translate != NULL ? translate (kinds[kind].text) : kinds[kind].text;
}

const char *
divert_finding_kind_get_advice (DivertFindingKind kind,
                                DivertTranslate   translate)
{
  return translate != NULL ? translate (kinds[kind].advice) : kinds[kind].advice;
}

const char *
divert_finding_kind_name (DivertFindingKind kind)
{
  return kinds[kind].name;
}

gboolean
divert_finding_kind_from_name (const char        *name,
                               DivertFindingKind *ret_kind)
{
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (g_strcmp0 (kinds[i].name, name) == 0)
      {
        *ret_kind = i;
        return TRUE;
      }
  return FALSE;
}

const char *
divert_gravity_name (DivertGravity gravity)
{
  static const char *const names[] = { "grave", "warning", "note" };

  G_STATIC_ASSERT (G_N_ELEMENTS (names) == DIVERT_N_GRAVITIES);
  return names[gravity];
}
