/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the wording of the problems, and the advice on each.
 */
#include "problem.h"

#include <glib/gi18n-lib.h>

static const struct
{
  const char *name;
  const char *text;   /* msgid */
  const char *advice; /* msgid */
} problems[] = {
  [DIVERT_PROBLEM_CONFIG] = { "config", N_("the configuration has an error, the previous one stays in force"),
                              N_("correct it, then run 'nm-divert reload'") },
  [DIVERT_PROBLEM_NO_GROUP] = { "no-group", N_("the proxy's group is not set, so nothing is diverted"),
                                N_("set group= under [proxy] in nm-divert.conf to the group that the proxy runs in, "
                                   "then run 'nm-divert reload'") },
  [DIVERT_PROBLEM_GROUP] = { "group", N_("the proxy's group is unknown, so no rules can be laid"),
                             N_("create the group, or correct group= under [proxy], then run 'nm-divert reload'") },
  [DIVERT_PROBLEM_BACKEND] = { "backend", N_("this kernel cannot hold the rules"),
                               N_("install or enable the modules of nftables (nf_tables, nft_tproxy, nft_socket …), "
                                  "or the legacy ones of iptables (ip_tables, ip6_tables, xt_TPROXY …)") },
  [DIVERT_PROBLEM_PERMISSION] = { "permission", N_("the kernel does not permit the rules"),
                                  N_("the helper needs CAP_NET_ADMIN and CAP_NET_RAW") },
  [DIVERT_PROBLEM_BUSY] = { "busy", N_("another program holds the lock of the tables, trying again"),
                            N_("see who holds /run/xtables.lock") },
  [DIVERT_PROBLEM_FOREIGN] = { "foreign", N_("somebody else's table or chain has the name of one of ours"),
                               N_("remove your old rules (a hand-written script?), then run 'nm-divert reload'") },
  [DIVERT_PROBLEM_APPLY] = { "apply", N_("the kernel refused the rules, trying again"),
                             N_("see the log of the helper") },
  [DIVERT_PROBLEM_FACTS] = { "facts", N_("the kernel does not report the state of the network, so this is away"),
                             N_("see the log of the helper") },
  [DIVERT_PROBLEM_MODE_FILE] = { "mode-file", N_("the mode cannot be kept"),
                                 N_("see whether /var/lib/nm-divert is writable") },
  [DIVERT_PROBLEM_LISTENER] = { "listener", N_("the proxy does not take what is diverted to it"),
                                N_("start the proxy in its group, with a TPROXY listener (transparent) on that port") },
  [DIVERT_PROBLEM_IPV6_OFF] = { "ipv6-off", N_("a site has IPv6 prefixes, but ipv6=false leaves IPv6 alone"),
                                N_("set ipv6=true, or remove the IPv6 prefixes") },
};
G_STATIC_ASSERT (G_N_ELEMENTS (problems) == DIVERT_N_PROBLEMS);

DivertProblem *
divert_problem_new (DivertProblemCode  code,
                    const char        *detail)
{
  DivertProblem *problem = g_new0 (DivertProblem, 1);

  problem->code = code;
  problem->detail = g_strdup (detail != NULL ? detail : "");
  return problem;
}

void
divert_problem_free (DivertProblem *problem)
{
  if (problem == NULL)
    return;
  g_free (problem->detail);
  g_free (problem);
}

gboolean
divert_problem_is_gap (DivertProblemCode code)
{
  switch (code)
    {
    case DIVERT_PROBLEM_GROUP:
    case DIVERT_PROBLEM_BACKEND:
    case DIVERT_PROBLEM_PERMISSION:
    case DIVERT_PROBLEM_BUSY:
    case DIVERT_PROBLEM_FOREIGN:
    case DIVERT_PROBLEM_APPLY:
      return TRUE;
    /* Without a group no rules are wanted, and the other problems here do not keep any rule out of the kernel. */
    case DIVERT_PROBLEM_NO_GROUP:
    case DIVERT_PROBLEM_CONFIG:
    case DIVERT_PROBLEM_FACTS:
    case DIVERT_PROBLEM_MODE_FILE:
    case DIVERT_PROBLEM_LISTENER:
    case DIVERT_PROBLEM_IPV6_OFF:
    default:
      return FALSE;
    }
}

gboolean
divert_problems_equal (const GPtrArray *a,
                       const GPtrArray *b)
{
  if (a->len != b->len)
    return FALSE;
  for (guint i = 0; i < a->len; i++)
    {
      const DivertProblem *x = a->pdata[i], *y = b->pdata[i];

      if (x->code != y->code || !g_str_equal (x->detail, y->detail))
        return FALSE;
    }
  return TRUE;
}

/* Our own messages quote and escape what they name, but text from the kernel or a library may hold anything. */
static char *
make_one_line (const char *detail)
{
  char *line = g_utf8_make_valid (detail, -1);

  for (char *c = line; *c != '\0'; c++)
    if (g_ascii_iscntrl (*c))
      *c = '?';
  return line;
}

char *
divert_problem_to_text (DivertProblemCode  code,
                        const char        *detail,
                        DivertTranslate    translate)
{
  const char *text = translate != NULL ? translate (problems[code].text) : problems[code].text;
  g_autofree char *line = make_one_line (detail != NULL ? detail : "");

  return line[0] != '\0' ? g_strdup_printf ("%s: %s", text, line) : g_strdup (text);
}

const char *
divert_problem_get_advice (DivertProblemCode code,
                           DivertTranslate   translate)
{
  return translate != NULL ? translate (problems[code].advice) : problems[code].advice;
}

const char *
divert_problem_code_name (DivertProblemCode code)
{
  return problems[code].name;
}

gboolean
divert_problem_code_from_name (const char        *name,
                               DivertProblemCode *ret_code)
{
  for (guint i = 0; i < G_N_ELEMENTS (problems); i++)
    if (g_strcmp0 (problems[i].name, name) == 0)
      {
        *ret_code = i;
        return TRUE;
      }
  return FALSE;
}
