/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table about frames in a real kernel: read back with nft, and tried with the packets of a macvlan child in another
 * namespace.
 */
#include "../unit/values.h"
#include "namespace.h"
#include "system/filter/backend.h"
#include "system/filter/nftables/nft-batch.h"
#include "system/filter/nftables/nftables-chains.h"
#include "system/filter/nftables/nftables-encode.h"
#include "system/filter/nftables/nftables-expand.h"
#include "system/filter/wire.h"
#include "unowned.h"

#include <string.h>

#define TABLE "netdev nm-divert"
#define UUID "6b0c0000-0000-4000-8000-000000000001"
#define OWN "own-macs=02:00:00:00:00:04\n"

typedef struct
{
  DivertWire    *wire;
  DivertRuleset *home, *away, *two, *alone;
  int            far;
} Fixture;

/* @second: another device that others send by. */
static DivertRuleset *
make_ruleset (gboolean    here,
              const char *own,
              const char *second)
{
  g_autoptr(DivertConfig) config = test_config_new ("[proxy]\ngroup=1\n[site home]\nconnection-uuid=" UUID "\n"
                                                    "intranet=192.168.22.0/24;fd00:22::/64\n"
                                                    "[site office]\nzone=office\nintranet=192.168.23.0/24\n");
  g_autofree char *text = g_strdup_printf ("[machine]\nnm-running=true\nsleeping=false\n"
                                           "[connection 1]\nuuid=%s\nid=x\ntype=802-3-ethernet\ndevice=eth0\nup=true\n"
                                           "external=false\n[link 1]\nifindex=10\nname=eth0\ncarrier=true\n"
                                           "addresses=192.168.22.33/24;fd00:22::33/64\n"
                                           "gateways=192.168.22.1 unknown\n%s%s",
                                           here ? UUID : "other", own, second);
  g_autoptr(DivertFacts) facts = test_facts_new (text);
  const DivertMode mode = { .kind = DIVERT_MODE_AUTO };
  g_autoptr(DivertDecision) decision = divert_decide (config, &mode, facts);

  g_assert_cmpint (decision->place, ==, here ? DIVERT_PLACE_SITE : DIVERT_PLACE_AWAY);
  return divert_ruleset_new (config, decision, 1, facts);
}

static void
set_up (Fixture       *f,
        gconstpointer  user_data)
{
  test_namespace_enter ();
  test_unowned = TRUE;
  f->far = test_namespace_start_far ();
  f->wire = divert_wire_new ();
  f->home = make_ruleset (TRUE, OWN, "");
  f->away = make_ruleset (FALSE, OWN, "");
  f->two = make_ruleset (TRUE, OWN, "[link 2]\nifindex=12\nname=eth1\ncarrier=true\nown-macs=02:00:00:00:00:05;"
                                    "0a:00:00:00:00:05\n");
  f->alone = make_ruleset (TRUE, "", "");
  /* Nobody has to be there: that a packet arrives at the other end is enough. */
  test_run ("ip link add eth0 index 10 address 02:00:00:00:00:04 type veth peer name far0;"
            "ip link add eth1 index 12 type veth peer name far1;"
            "for i in eth0 far0 eth1; do ip link set $i addrgenmode none; ip link set $i up; done;"
            "ip addr add 192.168.22.33/24 dev eth0; ip -6 addr add fd00:22::33/64 dev eth0 nodad;"
            "ip link add child0 link eth0 netns %d type macvlan mode bridge;"
            "ip route add 192.168.23.0/24 dev eth0", f->far);
  test_run ("nsenter -n -t %d sh -c 'ip link set child0 addrgenmode none; ip link set child0 up;"
            "  ip addr add 192.168.22.44/24 dev child0; ip -6 addr add fd00:22::44/64 dev child0 nodad;"
            "  ip route add 192.168.23.0/24 dev child0; ip route add 198.51.100.0/24 dev child0'", f->far);
  test_run ("for a in 192.168.22.99 192.168.23.99 198.51.100.99 fd00:22::99; do"
            "  ip neigh replace $a lladdr 02:00:00:00:00:99 dev eth0;"
            "  nsenter -n -t %d ip neigh replace $a lladdr 02:00:00:00:00:99 dev child0; done", f->far);
  test_run ("nft 'table netdev far { chain c { type filter hook ingress device \"far0\" priority 0;"
            "  ip daddr 192.168.22.99 counter; ip daddr 192.168.23.99 counter; ip daddr 198.51.100.99 counter;"
            "  ip6 daddr fd00:22::99 counter; }; }'");
}

static void
tear_down (Fixture       *f,
           gconstpointer  user_data)
{
  test_child_stop (f->far);
  divert_wire_free (f->wire);
  divert_ruleset_unref (f->home);
  divert_ruleset_unref (f->away);
  divert_ruleset_unref (f->two);
  divert_ruleset_unref (f->alone);
}

/* Says whether that was a write. */
static gboolean
apply (Fixture             *f,
       const DivertRuleset *ruleset,
       gboolean             closing)
{
  g_autoptr(GError) error = NULL;
  gboolean wrote;

  divert_wire_apply (f->wire, ruleset, closing, &wrote, &error);
  g_assert_no_error (error);
  g_assert_false (divert_wire_is_lacking (f->wire));
  return wrote;
}

static gboolean
is_there (void)
{
  g_autofree char *tables = test_output ("nft list tables");

  return strstr (tables, TABLE) != NULL;
}

static guint
count_arrived (const char *address)
{
  g_autofree char *counted = test_output ("nft list table netdev far | "
                                          "sed -n 's/.*daddr %s counter packets \\([0-9]*\\) .*/\\1/p'", address);

  return g_ascii_strtoull (counted, NULL, 10);
}

/* Does a packet to @address arrive at the other end of the wire? */
static gboolean
arrives (const char *address,
         int         pid)
{
  const guint before = count_arrived (address);

  if (pid == 0)
    test_run ("ping -n -q -c 1 -W 0.01 %s >/dev/null 2>&1 || true", address);
  else
    test_run ("nsenter -n -t %d ping -n -q -c 1 -W 0.01 %s >/dev/null 2>&1 || true", pid, address);
  return count_arrived (address) > before;
}

static gboolean
child_reaches (const Fixture *f)
{
  const gboolean v4 = arrives ("192.168.22.99", f->far);

  g_assert_cmpint (arrives ("fd00:22::99", f->far), ==, v4);
  /* These are never touched. */
  g_assert_true (arrives ("198.51.100.99", f->far));
  g_assert_true (arrives ("192.168.22.99", 0));
  g_assert_true (arrives ("fd00:22::99", 0));
  g_assert_true (arrives ("192.168.23.99", 0));
  return v4;
}

static void
test_packets (Fixture       *f,
              gconstpointer  user_data)
{
  guint64 dropped = 0;

  g_assert_true (child_reaches (f));
  g_assert_true (apply (f, f->away, FALSE));
  g_assert_false (child_reaches (f));
  g_assert_true (divert_wire_count_dropped (&dropped));
  g_assert_cmpuint (dropped, ==, 2);

  g_assert_true (apply (f, f->home, FALSE));
  g_assert_true (child_reaches (f));
  g_assert_false (arrives ("192.168.23.99", f->far));
  g_assert_true (apply (f, f->alone, FALSE));
  g_assert_true (child_reaches (f));
  g_assert_true (arrives ("192.168.23.99", f->far));
  g_assert_false (is_there ());
}

/* Who has a granted device may send from any address on the link. */
static void
test_order (Fixture       *f,
            gconstpointer  user_data)
{
  g_assert_true (apply (f, f->home, TRUE));
  g_assert_false (child_reaches (f));
  g_assert_true (apply (f, f->home, FALSE));
  g_assert_true (child_reaches (f));
  /* The same grants stay. */
  g_assert_false (apply (f, f->home, TRUE));
  g_assert_true (child_reaches (f));
  g_assert_true (apply (f, f->two, TRUE));
  g_assert_true (child_reaches (f));
  g_assert_true (apply (f, f->away, TRUE));
  g_assert_false (child_reaches (f));
  g_assert_false (apply (f, f->away, FALSE));
}

static void
test_nothing_to_change (Fixture       *f,
                        gconstpointer  user_data)
{
  g_autofree char *before = test_output ("nft -s list ruleset"), *after = NULL;

  g_assert_false (apply (f, f->alone, TRUE));
  g_assert_false (apply (f, f->alone, FALSE));
  g_assert_false (is_there ());
  g_assert_true (apply (f, f->two, FALSE));
  g_assert_false (apply (f, f->two, FALSE));
  /* Somebody writes elsewhere. */
  test_run ("nft add table inet other");
  g_assert_false (divert_wire_find_drift (f->wire));
  g_assert_false (apply (f, f->two, FALSE));
  test_run ("nft delete table inet other");
  g_assert_true (apply (f, f->alone, FALSE));
  after = test_output ("nft -s list ruleset");
  g_assert_cmpstr (before, ==, after);
}

static void
test_text (Fixture       *f,
           gconstpointer  user_data)
{
  const DivertRuleset *rulesets[] = { f->home, f->away, f->two };

  for (guint i = 0; i < G_N_ELEMENTS (rulesets); i++)
    {
      g_autofree char *text = divert_wire_to_text (rulesets[i]), *listed = NULL;

      apply (f, rulesets[i], FALSE);
      /* Its own comment is not in the text, as in that of the other tables. */
      listed = test_output ("nft -s list table " TABLE " | grep -v 'comment \"nm-divert.s own'");
      g_assert_cmpstr (text, ==, listed);
    }
}

static void
test_drift (Fixture       *f,
            gconstpointer  user_data)
{
  static const char *const changes[] = {
    "nft delete table " TABLE, "nft flush ruleset", "nft flush chain " TABLE " others",
    "nft insert rule " TABLE " others accept", "nft flush chain " TABLE " wire",
    "nft 'add chain " TABLE " wire { policy drop; }'",
    "nft 'add chain " TABLE " wire { type filter hook egress device lo priority filter; }'",
  };

  apply (f, f->away, FALSE);
  for (guint i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      g_assert_false (divert_wire_find_drift (f->wire));
      test_run ("%s", changes[i]);
      g_assert_true (divert_wire_find_drift (f->wire));
      g_assert_true (apply (f, f->away, FALSE));
      g_assert_false (divert_wire_find_drift (f->wire));
    }
}

/* All of it is there, and it holds nobody. */
static void
test_asleep (Fixture       *f,
             gconstpointer  user_data)
{
  apply (f, f->away, FALSE);
  test_run ("nft 'add table " TABLE " { flags dormant; }'");
  g_assert_true (child_reaches (f));
  g_assert_true (divert_wire_find_drift (f->wire));
  g_assert_true (apply (f, f->away, FALSE));
  g_assert_false (divert_wire_find_drift (f->wire));
  g_assert_false (child_reaches (f));
}

/* Takes the hook away from a device, which nft can't.  (Before Linux 6.4 that takes the whole chain away.) */
static void
unhook (const char *device)
{
  g_autoptr(DivertNft) nft = divert_nft_new_netdev (NULL);
  g_autoptr(DivertNftBatch) batch = divert_nft_batch_new_netdev ();
  g_autoptr(nftnl_chain) chain = nftnl_chain_alloc ();
  const char *devices[] = { device, NULL };
  g_autoptr(GError) error = NULL;

  nftnl_chain_set_str (chain, NFTNL_CHAIN_TABLE, DIVERT_NFT_TABLE);
  nftnl_chain_set_str (chain, NFTNL_CHAIN_NAME, divert_nft_chain_name (DIVERT_HOOK_WIRE));
  nftnl_chain_set_u32 (chain, NFTNL_CHAIN_HOOKNUM, divert_nft_chain_hook (DIVERT_HOOK_WIRE)->number);
  nftnl_chain_set_s32 (chain, NFTNL_CHAIN_PRIO, divert_nft_chain_hook (DIVERT_HOOK_WIRE)->priority);
  nftnl_chain_set_array (chain, NFTNL_CHAIN_DEVICES, devices);
  nftnl_chain_nlmsg_build_payload (divert_nft_batch_add (batch, NFT_MSG_DELCHAIN, 0, "unhook"), chain);
  divert_nft_batch_commit (batch, nft, 0, &error);
  g_assert_no_error (error);
}

/* The chain stays, with all its rules, on the other device. */
static void
test_unhooked (Fixture       *f,
               gconstpointer  user_data)
{
  apply (f, f->two, FALSE);
  unhook ("eth1");
  g_assert_true (divert_wire_find_drift (f->wire));
  g_assert_true (apply (f, f->two, FALSE));
  g_assert_false (divert_wire_find_drift (f->wire));
  test_run ("nft list table " TABLE " | grep -q 'eth0.*eth1\\|eth1.*eth0'");
}

static void
test_withdraw (Fixture       *f,
               gconstpointer  user_data)
{
  g_autoptr(DivertWire) other = divert_wire_new ();
  g_autoptr(GError) error = NULL;
  gboolean wrote;

  divert_wire_withdraw (other, &error);
  g_assert_no_error (error);
  apply (f, f->home, FALSE);
  divert_wire_withdraw (other, &error);
  g_assert_no_error (error);
  g_assert_false (child_reaches (f));
  g_assert_true (divert_wire_find_drift (f->wire));
  /* And whoever removes everything after a helper. */
  divert_wire_apply (other, f->alone, FALSE, &wrote, &error);
  g_assert_no_error (error);
  g_assert_true (wrote);
  g_assert_false (is_there ());
}

static void
test_foreign (Fixture       *f,
              gconstpointer  user_data)
{
  g_autoptr(GError) error = NULL;
  gboolean wrote;

  test_run ("nft add table " TABLE);
  g_assert_false (divert_wire_apply (f->wire, f->away, FALSE, &wrote, &error));
  g_assert_error (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_FOREIGN);
  g_assert_false (apply (f, f->alone, FALSE));
  g_assert_true (is_there ());
}

/* That is nothing that the kernel lacks. */
static void
test_gone (Fixture       *f,
           gconstpointer  user_data)
{
  g_autoptr(GError) error = NULL;
  gboolean wrote;

  test_run ("ip link del eth1");
  if (!divert_wire_apply (f->wire, f->two, FALSE, &wrote, &error))
    g_assert_error (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_REFUSED);
  g_assert_false (divert_wire_is_lacking (f->wire));
  apply (f, f->away, FALSE);
  g_assert_false (child_reaches (f));
  test_run ("ip link del eth0");
  g_assert_true (apply (f, f->alone, FALSE) || !is_there ());
  g_assert_false (is_there ());
}

int
main (int   argc,
      char *argv[])
{
  test_needs_namespaces ();
  test_needs ("ip", "nft", "nsenter", "ping", NULL);
  g_test_init (&argc, &argv, NULL);
  test_directory_enter ();

#define ADD(name, test) g_test_add ("/wire/" name, Fixture, NULL, set_up, test, tear_down)
  ADD ("packets", test_packets);
  ADD ("order", test_order);
  ADD ("nothing-to-change", test_nothing_to_change);
  ADD ("text", test_text);
  ADD ("drift", test_drift);
  ADD ("asleep", test_asleep);
  ADD ("unhooked", test_unhooked);
  ADD ("withdraw", test_withdraw);
  ADD ("foreign", test_foreign);
  ADD ("gone", test_gone);
#undef ADD
  return g_test_run ();
}
