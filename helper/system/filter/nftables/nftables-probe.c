/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: asking the kernel for everything that our rules need.
 *
 * The kernel gets a table with a rule of each kind, but does not carry it out (nft-batch.h).  That
 * loads the modules, and the rule that it refuses tells what is missing.
 */
#include "nftables-probe.h"

#include "divert-config.h"
#include "nft-batch.h"
#include "nft-failure.h"
#include "nftables-expand.h"
#include "nftables-write.h"
#include "system/base/modules.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PROBE_TABLE DIVERT_NFT_TABLE "-probe"

#define ANY_PORT 1
#define ANY_MARK 1

GPtrArray *
divert_nft_list_modules (void)
{
  static const char *const names[] = {
    "nf_tables", "nft_chain_nat", "nft_ct",          "nft_fib_inet", "nft_redir",
    "nft_socket", "nft_tproxy",   "nft_reject_inet",
  };
  GPtrArray *modules = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_ptr_array_add (modules, g_strdup (names[i]));
  return modules;
}

gboolean
divert_nft_has_family (DivertFamily   family,
                       GError       **error)
{
  const int fd = socket (divert_netlink_family (family), SOCK_DGRAM | SOCK_CLOEXEC, 0);

  if (fd < 0 && errno == EAFNOSUPPORT)
    {
      g_set_error (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_NO_FAMILY, _("the kernel does not speak %s"),
                   divert_family_name (family));
      return FALSE;
    }
  if (fd >= 0)
    close (fd);
  return TRUE;
}

static DivertRule *
add (DivertRuleset *ruleset,
     DivertChain    chain,
     DivertVerdict  verdict)
{
  DivertRule *rule = divert_rule_new (chain, DIVERT_FAMILIES_BOTH);

  rule->verdict = verdict;
  g_ptr_array_add (ruleset->rules, rule);
  return rule;
}

static void
add_jump (DivertRuleset *ruleset,
          DivertChain    hook,
          DivertChain    to)
{
  add (ruleset, hook, DIVERT_VERDICT_JUMP)->to = to;
}

/* In both families, more prefixes than are compared one by one. */
static GArray *
make_prefixes (void)
{
  g_autoptr(GArray) prefixes = divert_prefixes_new ();

  for (guint i = 0; i < 16; i++)
    {
      const DivertFamily family = i % DIVERT_N_FAMILIES;
      const guint8 bytes[16] = { 0x20, 0x01, 0x0d, 0xb8, i * 2 };
      DivertPrefix prefix = divert_prefix_from_bytes (family, bytes, family == DIVERT_FAMILY_IPV6 ? 48 : 32);

      prefix.bytes[3] += i;
      divert_prefixes_add (prefixes, &prefix);
    }
  return divert_prefixes_merge (prefixes);
}

static void
add_judging (DivertRuleset *ruleset)
{
  DivertRule *rule;

  add_jump (ruleset, DIVERT_HOOK_OUTPUT, DIVERT_CHAIN_JUDGE);
  rule = add (ruleset, DIVERT_CHAIN_JUDGE, DIVERT_VERDICT_CONNMARK);
  rule->has_gid = TRUE;
  rule->value = rule->mask = ANY_MARK;
  rule = add (ruleset, DIVERT_CHAIN_JUDGE, DIVERT_VERDICT_LEAVE);
  rule->dst_types = DIVERT_ADDRTYPE_LOCAL | DIVERT_ADDRTYPE_MULTICAST;
  rule = add (ruleset, DIVERT_CHAIN_JUDGE, DIVERT_VERDICT_LEAVE);
  rule->destinations = make_prefixes ();
  rule = add (ruleset, DIVERT_CHAIN_JUDGE, DIVERT_VERDICT_MARK);
  rule->value = rule->mask = ANY_MARK;
}

/* The kernel doesn't ask whether there is such a group. */
static void
add_cgroup (DivertRuleset *ruleset)
{
  DivertRule *rule = add (ruleset, DIVERT_CHAIN_JUDGE, DIVERT_VERDICT_LEAVE);

  rule->cgroup = 1;
  rule->cgroup_path = g_ref_string_new_intern (PROBE_TABLE);
}

/* @cgroups: the rules that compare control groups, too (Linux 5.13). */
static DivertRuleset *
make_ruleset (gboolean cgroups)
{
  DivertRuleset *ruleset = divert_ruleset_new_empty ();
  DivertRule *rule;

  add_judging (ruleset);
  if (cgroups)
    add_cgroup (ruleset);

  add_jump (ruleset, DIVERT_HOOK_DELIVER, DIVERT_CHAIN_DELIVER);
  rule = add (ruleset, DIVERT_CHAIN_DELIVER, DIVERT_VERDICT_TPROXY);
  rule->protocols = DIVERT_PROTOCOLS_TCP_UDP;
  rule->port = ANY_PORT;

  add_jump (ruleset, DIVERT_HOOK_ARRIVE, DIVERT_CHAIN_SERVE);
  add (ruleset, DIVERT_CHAIN_SERVE, DIVERT_VERDICT_LEAVE)->receiver = DIVERT_RECEIVER_SOMEBODY;

  add_jump (ruleset, DIVERT_HOOK_GUARD, DIVERT_CHAIN_GUARD);
  add (ruleset, DIVERT_CHAIN_GUARD, DIVERT_VERDICT_DROP)->src_types = DIVERT_ADDRTYPE_LOCAL;

  add_jump (ruleset, DIVERT_HOOK_DNS, DIVERT_CHAIN_DNS);
  rule = add (ruleset, DIVERT_CHAIN_DNS, DIVERT_VERDICT_REDIRECT);
  rule->protocols = DIVERT_PROTOCOLS_TCP_UDP;
  rule->dport = ANY_PORT;
  rule->port = ANY_PORT;
  return ruleset;
}

/* Which module the kernel needed for what it has refused: that of the first word in the refusal. */
static const char *
find_module (const GError *failure)
{
  static const struct
  {
    const char *word;
    const char *module;
  } words[] = {
    { "tproxy to", "nft_tproxy" }, { "redirect to", "nft_redir" },  { "reject with", "nft_reject_inet" },
    { "socket ", "nft_socket" },   { "fib ", "nft_fib_inet" },      { "ct mark ", "nft_ct" },
    { "chain dns", "nft_chain_nat" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (strstr (failure->message, words[i].word) != NULL)
      return words[i].module;
  return "nf_tables";
}

gboolean
divert_nft_probe (DivertNft  *nft,
                  gboolean    cgroups,
                  GError    **error)
{
  g_autoptr(DivertRuleset) ruleset = make_ruleset (cgroups);
  g_autoptr(DivertNftTable) table = divert_nft_table_new_from_ruleset (PROBE_TABLE, ruleset);
  g_autoptr(DivertNftBatch) batch = divert_nft_batch_new ();
  g_autoptr(GError) failure = NULL;
  const char *module;

  divert_nft_write_all (batch, table, 0);
  if (divert_nft_batch_check (batch, nft, &failure))
    return TRUE;
  if (!divert_nft_is_absent (failure, FALSE))
    return divert_nft_fail (error, failure, DIVERT_BACKEND_ERROR_UNAVAILABLE);
  module = find_module (failure);
  g_set_error (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_UNAVAILABLE,
               _("nftables lacks what is in the module '%s' (%s): %s"), module,
               divert_modules_advise (module, DIVERT_RUN_DIR), failure->message);
  return FALSE;
}
