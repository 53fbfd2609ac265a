/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel that lacks a part of nftables: which one is said, with the rule that was refused and what to do, and the
 * choice falls on the legacy tables.  The kernel here has all of it, so it gets a message that no kernel knows in place
 * of what is to be lacking (-Wl,--wrap=divert_nft_batch_add).  And a kernel that is too busy to say what it has
 * (divert_nft_probe): that is no reason for another choice.  The guard does without the part that delivers, and asks
 * again some time later (g_get_monotonic_time).  So does what holds frames.
 */
#include <errno.h>
#include <string.h>

#include "../unit/expansion.h"
#include "sandbox.h"
#include "system/filter/choice.h"
#include "system/filter/guard.h"
#include "system/filter/nftables/nft-batch.h"
#include "system/filter/nftables/nftables-probe.h"
#include "system/filter/nftables/nftables.h"
#include "system/filter/wire.h"
#include "system/netlink/netlink.h"
#include "values.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>

/* Nobody has this one. */
#define UNKNOWN_TYPE 0x7f

static const char *lacking; /* a word of the message; NULL: nothing */
static gboolean no_netdev;  /* it doesn't have that family: it gets one that no kernel has */

struct nlmsghdr *__real_divert_nft_batch_add (DivertNftBatch *batch, guint8 type, guint16 flags, const char *what);
struct nlmsghdr *__wrap_divert_nft_batch_add (DivertNftBatch *batch, guint8 type, guint16 flags, const char *what);

struct nlmsghdr *
__wrap_divert_nft_batch_add (DivertNftBatch *batch,
                             guint8          type,
                             guint16         flags,
                             const char     *what)
{
  const gboolean is_unknown = lacking != NULL && strstr (what, lacking) != NULL;
  struct nlmsghdr *header = __real_divert_nft_batch_add (batch, is_unknown ? UNKNOWN_TYPE : type, flags, what);

  if (no_netdev && strstr (what, "table netdev") != NULL)
    ((struct nfgenmsg *) nlmsg_data (header))->nfgen_family = NFPROTO_NUMPROTO;
  return header;
}

/* 0: it has time. */
static int busy;

gboolean __real_divert_nft_probe (DivertNft *nft, gboolean cgroups, GError **error);
gboolean __wrap_divert_nft_probe (DivertNft *nft, gboolean cgroups, GError **error);

gboolean
__wrap_divert_nft_probe (DivertNft  *nft,
                         gboolean    cgroups,
                         GError    **error)
{
  if (busy == 0)
    return __real_divert_nft_probe (nft, cgroups, error);
  g_set_error_literal (error, DIVERT_NETLINK_ERROR, busy, "busy");
  return FALSE;
}

/* How far the clock is ahead. */
static gint64 ahead;

gint64 __real_g_get_monotonic_time (void);
gint64 __wrap_g_get_monotonic_time (void);

gint64
__wrap_g_get_monotonic_time (void)
{
  return __real_g_get_monotonic_time () + ahead;
}

static const struct
{
  const char *word;
  const char *module;
} parts[] = {
  { "tproxy to", "nft_tproxy" }, { "redirect to", "nft_redir" },    { "reject with", "nft_reject_inet" },
  { "socket ", "nft_socket" },   { "fib ", "nft_fib_inet" },        { "ct mark", "nft_ct" },
  { "chain dns", "nft_chain_nat" }, { "set ", "nf_tables" },        { "table inet", "nf_tables" },
};

static void
test_named (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      g_autoptr(DivertBackend) backend = divert_backend_nftables_new ();
      g_autofree char *module = g_strdup_printf ("'%s'", parts[i].module);
      g_autofree char *before = NULL, *after = NULL;
      g_autoptr(GError) error = NULL;

      sandbox_enter ();
      before = test_output ("nft list ruleset");
      lacking = parts[i].word;
      g_assert_false (backend->klass->probe (backend, DIVERT_FAMILY_IPV4, &error));
      g_assert_error (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_UNAVAILABLE);
      g_assert_nonnull (strstr (error->message, module));
      g_assert_nonnull (strstr (error->message, parts[i].word));
      g_assert_nonnull (strstr (error->message, "load it"));
      lacking = NULL;
      g_assert_true (backend->klass->probe (backend, DIVERT_FAMILY_IPV4, NULL));
      after = test_output ("nft list ruleset");
      g_assert_cmpstr (after, ==, before);
    }
}

static void
test_passed_over (void)
{
  g_autoptr(DivertRuleset) away = expansion_make_ruleset (0, DIVERT_MODE_AWAY);
  g_autofree char *tables = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      g_autoptr(DivertBackend) choice = NULL;
      DivertApplied applied = { 0, 0, FALSE };

      sandbox_enter ();
      choice = divert_choice_new ();
      lacking = parts[i].word;
      for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
        g_assert_true (choice->klass->probe (choice, family, NULL));
      g_assert_cmpstr (choice->klass->name, ==, "iptables");
      g_assert_nonnull (strstr (choice->klass->passed_over, parts[i].module));
      g_assert_true (choice->klass->apply (choice, away, &applied, NULL));
      lacking = NULL;
      /* Who asks for it gets it, or its error. */
      g_assert_true (choice->klass->choose (choice, DIVERT_BACKEND_IPTABLES, FALSE));
      g_assert_true (choice->klass->probe (choice, DIVERT_FAMILY_IPV4, NULL));
      g_assert_null (choice->klass->passed_over);
    }
}

/* Control groups (Linux 5.13) have to be there only if they are needed. */
static void
test_cgroups (void)
{
  g_autoptr(DivertBackend) choice = NULL;

  sandbox_enter ();
  choice = divert_choice_new ();
  lacking = "socket cgroupv2";
  g_assert_true (choice->klass->probe (choice, DIVERT_FAMILY_IPV4, NULL));
  g_assert_cmpstr (choice->klass->name, ==, "nftables");
  g_assert_true (choice->klass->choose (choice, DIVERT_BACKEND_AUTO, TRUE));
  g_assert_false (choice->klass->choose (choice, DIVERT_BACKEND_AUTO, TRUE));
  g_assert_true (choice->klass->probe (choice, DIVERT_FAMILY_IPV4, NULL));
  g_assert_cmpstr (choice->klass->name, ==, "iptables");
  g_assert_nonnull (strstr (choice->klass->passed_over, "'nft_socket'"));
  lacking = NULL;
  g_assert_true (choice->klass->choose (choice, DIVERT_BACKEND_NFTABLES, TRUE));
  g_assert_true (choice->klass->probe (choice, DIVERT_FAMILY_IPV4, NULL));
}

/* What passes is no reason to take the second choice, for as long as the helper lives. */
static void
ask_while_busy (int code)
{
  g_autoptr(DivertBackend) choice = divert_choice_new ();
  g_autoptr(GError) error = NULL;

  busy = code;
  g_assert_false (choice->klass->probe (choice, DIVERT_FAMILY_IPV4, &error));
  g_assert_error (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_BUSY);
  g_assert_cmpstr (choice->klass->name, ==, "nftables");
  g_assert_null (choice->klass->passed_over);
  busy = 0;
  g_assert_true (choice->klass->probe (choice, DIVERT_FAMILY_IPV4, NULL));
  g_assert_cmpstr (choice->klass->name, ==, "nftables");
}

static void
test_busy (void)
{
  static const int codes[] = { EBUSY, ENOBUFS, ENOMEM, EMFILE };

  sandbox_enter ();
  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    ask_while_busy (codes[i]);
}

/* … unless it doesn't pass.  Rules of the second kind are better than none, and the first one's come as soon as they
 * can. */
static void
test_always_busy (void)
{
  g_autoptr(DivertRuleset) away = expansion_make_ruleset (0, DIVERT_MODE_AWAY);
  g_autoptr(DivertBackend) choice = NULL;
  DivertApplied applied = { 0, 0, FALSE };

  sandbox_enter ();
  choice = divert_choice_new ();
  busy = ENOMEM;
  for (guint i = 0; i < 100 && !choice->klass->probe (choice, DIVERT_FAMILY_IPV4, NULL); i++)
    g_assert_cmpstr (choice->klass->name, ==, "nftables");
  g_assert_cmpstr (choice->klass->name, ==, "iptables");
  g_assert_nonnull (strstr (choice->klass->passed_over, "busy"));
  g_assert_true (choice->klass->apply (choice, away, &applied, NULL));

  g_assert_true (choice->klass->choose (choice, DIVERT_BACKEND_AUTO, FALSE));
  g_assert_true (choice->klass->probe (choice, DIVERT_FAMILY_IPV4, NULL));
  g_assert_cmpstr (choice->klass->name, ==, "iptables");
  busy = 0;
  g_assert_true (choice->klass->choose (choice, DIVERT_BACKEND_AUTO, FALSE));
  g_assert_true (choice->klass->probe (choice, DIVERT_FAMILY_IPV4, NULL));
  g_assert_cmpstr (choice->klass->name, ==, "nftables");
  g_assert_null (choice->klass->passed_over);
  g_assert_false (choice->klass->choose (choice, DIVERT_BACKEND_AUTO, FALSE));
}

/* The kernel names the rule that it refuses among many. */
static void
test_refused (void)
{
  g_autoptr(DivertRuleset) away = expansion_make_ruleset (0, DIVERT_MODE_AWAY);
  g_autoptr(DivertBackend) backend = NULL;
  DivertApplied applied = { 0, 0, FALSE };
  g_autoptr(GError) error = NULL;

  sandbox_enter ();
  backend = divert_backend_nftables_new ();
  lacking = "redirect to";
  g_assert_false (backend->klass->apply (backend, away, &applied, &error));
  lacking = NULL;
  g_assert_error (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_REFUSED);
  g_assert_true (g_str_has_prefix (error->message, "nftables: dns: "));
  g_assert_nonnull (strstr (error->message, "redirect to :1053"));
  g_assert_nonnull (strstr (error->message, "Invalid argument"));
}

/* Away, with an own LAN on a bridge whose frames the packet filter may see. */
static DivertRuleset *
make_bridged (void)
{
  g_autoptr(DivertConfig) config = test_config_new ("[proxy]\ngroup=1\n[divert]\nforward=all\n"
                                                    "[site home]\nintranet=192.168.22.0/24\nzone=home\n");
  g_autoptr(DivertFacts) facts = test_facts_new ("[machine]\nbridge-frames=true\n"
                                                 "[link 1]\nifindex=4\nname=docker0\nkind=bridge\ncarrier=true\n"
                                                 "addresses=172.17.0.1/16\n");
  g_autoptr(DivertMode) mode = divert_mode_new (DIVERT_MODE_AWAY, NULL);
  g_autoptr(DivertDecision) decision = divert_decide (config, mode, facts);

  return divert_ruleset_new (config, decision, 1, facts);
}

static gboolean
delivers (DivertGuard         *guard,
          const DivertRuleset *rules)
{
  g_autoptr(GError) error = NULL;
  gboolean wrote;

  divert_guard_apply (guard, rules, TRUE, &wrote, &error);
  g_assert_no_error (error);
  g_assert_true (divert_guard_is_there (guard));
  return divert_guard_delivers (guard);
}

/* Somebody may load the module, or the kernel's answer was about something else, which is gone by now. */
static void
test_guard (void)
{
  g_autoptr(DivertRuleset) rules = make_bridged ();
  g_autoptr(DivertGuard) guard = NULL;

  sandbox_enter ();
  guard = divert_guard_new (0);
  lacking = "again";
  g_assert_false (delivers (guard, rules));
  lacking = NULL;
  g_assert_false (delivers (guard, rules));
  ahead = 11 * G_USEC_PER_SEC;
  lacking = "again";
  g_assert_false (delivers (guard, rules));
  lacking = NULL;
  g_assert_false (delivers (guard, rules));
  ahead *= 2;
  g_assert_true (delivers (guard, rules));
  ahead = 0;
}

static void
test_frames (void)
{
  g_autoptr(DivertConfig) config = test_config_new ("[proxy]\ngroup=1\n[site home]\nzone=z\nintranet=10.0.0.0/8\n");
  g_autoptr(DivertFacts) facts = test_facts_new ("[machine]\nnm-running=true\nsleeping=false\n[link 1]\nifindex=1\n"
                                                 "name=lo\ncarrier=true\nown-macs=02:00:00:00:00:01\n");
  const DivertMode mode = { .kind = DIVERT_MODE_AUTO };
  g_autoptr(DivertDecision) decision = divert_decide (config, &mode, facts);
  g_autoptr(DivertRuleset) away = divert_ruleset_new (config, decision, 1, facts);
  g_autoptr(DivertRuleset) nothing = divert_ruleset_new_empty ();
  g_autoptr(DivertWire) wire = divert_wire_new ();
  gboolean wrote;

  sandbox_enter ();
  ahead = 0;
  no_netdev = TRUE;
  g_assert_true (divert_wire_apply (wire, nothing, FALSE, &wrote, NULL));
  g_assert_false (divert_wire_is_lacking (wire));
  g_assert_true (divert_wire_apply (wire, away, FALSE, &wrote, NULL));
  g_assert_false (wrote);
  g_assert_true (divert_wire_is_lacking (wire));
  /* Not asked in each run. */
  no_netdev = FALSE;
  g_assert_true (divert_wire_apply (wire, away, FALSE, &wrote, NULL));
  g_assert_true (divert_wire_is_lacking (wire));
  g_assert_true (divert_wire_apply (wire, nothing, FALSE, &wrote, NULL));
  g_assert_false (divert_wire_is_lacking (wire));
  ahead = 11 * G_USEC_PER_SEC;
  g_assert_true (divert_wire_apply (wire, away, FALSE, &wrote, NULL));
  g_assert_true (wrote);
  g_assert_false (divert_wire_is_lacking (wire));
  ahead = 0;
}

int
main (int    argc,
      char **argv)
{
  test_needs ("nft", "iptables-legacy", NULL);
  test_needs_namespaces ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/nft-lacks/named", test_named);
  g_test_add_func ("/nft-lacks/passed-over", test_passed_over);
  g_test_add_func ("/nft-lacks/cgroups", test_cgroups);
  g_test_add_func ("/nft-lacks/busy", test_busy);
  g_test_add_func ("/nft-lacks/always-busy", test_always_busy);
  g_test_add_func ("/nft-lacks/refused", test_refused);
  g_test_add_func ("/nft-lacks/guard", test_guard);
  g_test_add_func ("/nft-lacks/frames", test_frames);
  return g_test_run ();
}
