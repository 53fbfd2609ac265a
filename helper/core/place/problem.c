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
                                   "or unit= to its unit, then run 'nm-divert reload'") },
  [DIVERT_PROBLEM_GROUP] = { "group", N_("the proxy's group is unknown, so no rules can be laid"),
                             N_("create the group, or correct group= under [proxy], then run 'nm-divert reload'") },
  [DIVERT_PROBLEM_BACKEND] = { "backend", N_("this kernel cannot hold the rules"),
                               N_("install or enable the modules of nftables (nf_tables, nft_tproxy, nft_socket …), "
                                  "or the legacy ones of iptables (ip_tables, ip6_tables, xt_TPROXY …)") },
  [DIVERT_PROBLEM_PERMISSION] = { "permission", N_("the kernel does not permit the rules"),
                                  N_("the helper needs CAP_NET_ADMIN, and CAP_NET_RAW for the legacy tables: try "
                                     "'systemctl daemon-reload', then restart its unit") },
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
                                N_("start the proxy in its group (its own one, not a supplementary one) or unit, with "
                                   "a TPROXY listener (transparent) on that port") },
  [DIVERT_PROBLEM_RESOLVER] = { "resolver", N_("the resolver on the DNS port asks itself, so DNS is refused"),
                                N_("run it in the proxy's group or unit, or let it ask the proxy on another port, or "
                                   "others by TLS or HTTPS, then restart it") },
  [DIVERT_PROBLEM_IPV6_OFF] = { "ipv6-off", N_("a site has IPv6 prefixes, but ipv6=false leaves IPv6 alone"),
                                N_("set ipv6=true, or remove the IPv6 prefixes") },
  [DIVERT_PROBLEM_RULE] = { "ip-rule", N_("an ip rule before ours takes packets that should go to the proxy, and "
                                          "they are lost or leave past it"),
                            N_("move it behind ours, with the command that 'nm-divert doctor' shows") },
  [DIVERT_PROBLEM_UNIT_DOWN] = { "unit-down", N_("the proxy's unit does not run"),
                                 N_("start it (systemctl start), or correct unit= under [proxy]; a user's own units "
                                    "don't count") },
  [DIVERT_PROBLEM_NO_CGROUPS] = { "no-cgroups",
                                  N_("there are no control groups of version 2, by which units are known"),
                                  N_("boot with systemd.unified_cgroup_hierarchy=1, or name the proxy by group= under "
                                     "[proxy] and leave out unit= and exempt-units=") },
  [DIVERT_PROBLEM_ROUTER] = { "router", N_("what is behind a router goes to the proxy, although this machine is at the "
                                           "router's site"),
                              N_("see whether the router is on, and whether the routes and router= say the same") },
  [DIVERT_PROBLEM_BRIDGE] = { "bridge", N_("what a bridge of an own network sends to an intranet is lost, because of "
                                           "br_netfilter"),
                              N_("use a kernel with nftables and its nft_tproxy, or set "
                                 "net.bridge.bridge-nf-call-iptables and net.bridge.bridge-nf-call-ip6tables to 0") },
  [DIVERT_PROBLEM_WIRE] = { "wire", N_("a container or a virtual machine sends straight to the network (macvlan), and "
                                       "this kernel cannot keep it from addresses of an intranet"),
                            N_("use Linux 5.16 or later with nftables, or stop it while you are away") },
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
    case DIVERT_PROBLEM_NO_CGROUPS:
      return TRUE;
    /* Without a group no rules are wanted, and the other problems here do not keep any rule out of the kernel. */
    case DIVERT_PROBLEM_NO_GROUP:
    case DIVERT_PROBLEM_CONFIG:
    case DIVERT_PROBLEM_FACTS:
    case DIVERT_PROBLEM_MODE_FILE:
    case DIVERT_PROBLEM_LISTENER:
    case DIVERT_PROBLEM_RESOLVER:
    case DIVERT_PROBLEM_IPV6_OFF:
    case DIVERT_PROBLEM_RULE:
    case DIVERT_PROBLEM_UNIT_DOWN:
    case DIVERT_PROBLEM_ROUTER:
    case DIVERT_PROBLEM_BRIDGE:
    case DIVERT_PROBLEM_WIRE:
    default:
      return FALSE;
    }
}

gboolean
divert_problem_is_of_listeners (DivertProblemCode code)
{
  return code == DIVERT_PROBLEM_LISTENER || code == DIVERT_PROBLEM_RESOLVER;
}

/* The next problem that is not of listeners, beginning at @i; NULL if there is none. */
static const DivertProblem *
next_problem (const GPtrArray *list,
              guint           *i)
{
  while (*i < list->len)
    {
      const DivertProblem *problem = g_ptr_array_index (list, (*i)++);

      if (!divert_problem_is_of_listeners (problem->code))
        return problem;
    }
  return NULL;
}

gboolean
divert_problems_equal_otherwise (const GPtrArray *a,
                                 const GPtrArray *b)
{
  guint i = 0, j = 0;

  for (;;)
    {
      const DivertProblem *x = next_problem (a, &i), *y = next_problem (b, &j);

      if (x == NULL || y == NULL)
        return x == y;
      if (x->code != y->code || !g_str_equal (x->detail, y->detail))
        return FALSE;
    }
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
