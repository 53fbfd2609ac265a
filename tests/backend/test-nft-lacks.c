/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel that lacks a part of nftables: which one is said, with the rule that was refused and what to do, and the
 * choice falls on the legacy tables.  The kernel here has all of it, so it gets a message that no kernel knows in place
 * of what is to be lacking (-Wl,--wrap=divert_nft_batch_add).  And a kernel that is too busy to say what it has
 * (divert_nft_probe): that is no reason for another choice.
 */
#include <errno.h>
#include <string.h>

#include "../unit/expansion.h"
#include "sandbox.h"
#include "system/filter/choice.h"
#include "system/filter/nftables/nft-batch.h"
#include "system/filter/nftables/nftables-probe.h"
#include "system/filter/nftables/nftables.h"
#include "system/netlink/netlink.h"

/* Nobody has this one. */
#define UNKNOWN_TYPE 0x7f

static const char *lacking; /* a word of the message; NULL: nothing */

struct nlmsghdr *__real_divert_nft_batch_add (DivertNftBatch *batch, guint8 type, guint16 flags, const char *what);
struct nlmsghdr *__wrap_divert_nft_batch_add (DivertNftBatch *batch, guint8 type, guint16 flags, const char *what);

struct nlmsghdr *
__wrap_divert_nft_batch_add (DivertNftBatch *batch,
                             guint8          type,
                             guint16         flags,
                             const char     *what)
{
  return __real_divert_nft_batch_add (batch, lacking != NULL && strstr (what, lacking) != NULL ? UNKNOWN_TYPE : type,
                                      flags, what);
}

static gboolean is_busy;

gboolean __real_divert_nft_probe (DivertNft *nft, GError **error);
gboolean __wrap_divert_nft_probe (DivertNft *nft, GError **error);

gboolean
__wrap_divert_nft_probe (DivertNft  *nft,
                         GError    **error)
{
  if (!is_busy)
    return __real_divert_nft_probe (nft, error);
  g_set_error_literal (error, DIVERT_NETLINK_ERROR, EBUSY, "busy");
  return FALSE;
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
      g_assert_true (choice->klass->choose (choice, DIVERT_BACKEND_IPTABLES));
      g_assert_true (choice->klass->probe (choice, DIVERT_FAMILY_IPV4, NULL));
      g_assert_null (choice->klass->passed_over);
    }
}

/* What passes is no reason to take the second choice, for as long as the helper lives. */
static void
test_busy (void)
{
  g_autoptr(DivertBackend) choice = NULL;
  g_autoptr(GError) error = NULL;

  sandbox_enter ();
  choice = divert_choice_new ();
  is_busy = TRUE;
  g_assert_false (choice->klass->probe (choice, DIVERT_FAMILY_IPV4, &error));
  g_assert_error (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_BUSY);
  g_assert_cmpstr (choice->klass->name, ==, "nftables");
  g_assert_null (choice->klass->passed_over);
  is_busy = FALSE;
  g_assert_true (choice->klass->probe (choice, DIVERT_FAMILY_IPV4, NULL));
  g_assert_cmpstr (choice->klass->name, ==, "nftables");
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

int
main (int    argc,
      char **argv)
{
  test_needs ("nft", "iptables-legacy", NULL);
  test_needs_namespaces ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/nft-lacks/named", test_named);
  g_test_add_func ("/nft-lacks/passed-over", test_passed_over);
  g_test_add_func ("/nft-lacks/busy", test_busy);
  g_test_add_func ("/nft-lacks/refused", test_refused);
  return g_test_run ();
}
