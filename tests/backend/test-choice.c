/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The change from one backend to another: afterwards exactly one set of rules is there, whatever was there before, and
 * a packet that must not leave doesn't while it happens.
 */
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../unit/expansion.h"
#include "backend-fixture.h"
#include "sandbox.h"
#include "system/filter/choice.h"
#include "system/filter/iptables/iptables.h"
#include "system/filter/nftables/nftables.h"

typedef struct
{
  DivertBackend *choice;
  DivertRuleset *home, *away, *nothing;
} Fixture;

/* What the kernel should lack of nftables. */
typedef enum
{
  LACKS_NOTHING,
  LACKS_NFTABLES,   /* and has other parts of netfilter, such as connection tracking */
  LACKS_NETFILTER,  /* its netlink */
  LACKS_LEAVE,      /* and this process may not use the legacy tables */
} Lack;

static Lack lack;

/* A subsystem that no kernel has. */
#define NO_SUBSYSTEM 0x7f

/* In the place of the C library's.  What we ask for is of another subsystem then. */
ssize_t
send (int         fd,
      const void *data,
      size_t      size,
      int         flags)
{
  g_autofree guint8 *copy = g_memdup2 (data, size);
  struct nlmsghdr *header = (struct nlmsghdr *) copy;

  if (lack == LACKS_NFTABLES && header->nlmsg_type == NFNL_MSG_BATCH_BEGIN)
    ((struct nfgenmsg *) (header + 1))->res_id = g_htons (NO_SUBSYSTEM);
  else if (lack == LACKS_NFTABLES && header->nlmsg_type >> 8 == NFNL_SUBSYS_NFTABLES)
    header->nlmsg_type = NO_SUBSYSTEM << 8 | (header->nlmsg_type & 0xff);
  return syscall (SYS_sendto, fd, copy, size, flags, NULL, 0);
}

int
socket (int domain,
        int type,
        int protocol)
{
  if (lack == LACKS_NETFILTER && domain == AF_NETLINK && protocol == NETLINK_NETFILTER)
    {
      errno = EPROTONOSUPPORT;
      return -1;
    }
  if (lack == LACKS_LEAVE && (type & ~(SOCK_CLOEXEC | SOCK_NONBLOCK)) == SOCK_RAW && domain != AF_NETLINK)
    {
      errno = EPERM;
      return -1;
    }
  return syscall (SYS_socket, domain, type, protocol);
}

static void
set_up (Fixture       *f,
        gconstpointer  data)
{
  sandbox_enter ();
  lack = LACKS_NOTHING;
  f->choice = divert_choice_new ();
  f->home = expansion_make_ruleset (0, DIVERT_MODE_AUTO);
  f->away = expansion_make_ruleset (0, DIVERT_MODE_AWAY);
  f->nothing = divert_ruleset_new_empty ();
}

/* The chosen one says that it is not for this kernel. */
static void
assert_unavailable (Fixture           *f,
                    DivertBackendKind  kind)
{
  f->choice->klass->choose (f->choice, kind, FALSE);
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      g_autoptr(GError) error = NULL;

      g_assert_false (f->choice->klass->probe (f->choice, family, &error));
      g_assert_error (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_UNAVAILABLE);
    }
}

static void
tear_down (Fixture       *f,
           gconstpointer  data)
{
  divert_backend_free (f->choice);
  divert_ruleset_unref (f->home);
  divert_ruleset_unref (f->away);
  divert_ruleset_unref (f->nothing);
}

static void
probe (Fixture *f)
{
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      g_autoptr(GError) error = NULL;

      f->choice->klass->probe (f->choice, family, &error);
      g_assert_no_error (error);
    }
}

static void
choose (Fixture           *f,
        DivertBackendKind  kind)
{
  g_assert_true (f->choice->klass->choose (f->choice, kind, FALSE));
  g_assert_false (f->choice->klass->choose (f->choice, kind, FALSE));
  probe (f);
}

/* Whose rules are there: "iptables", "nftables", both, or none. */
static const char *
find_rules (void)
{
  static const struct
  {
    DivertBackend *(*create) (void);
    const char     *name;
  } kinds[] = { { divert_backend_iptables_new, "iptables" }, { divert_backend_nftables_new, "nftables" } };
  const char *found = "";

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr(DivertBackend) backend = kinds[i].create ();
      gboolean any;

      g_assert_true (backend->klass->inspect (backend, &any, NULL));
      if (any)
        found = found[0] == '\0' ? kinds[i].name : "both";
    }
  return found;
}

static void
test_there_and_back (Fixture       *f,
                     gconstpointer  data)
{
  probe (f);
  backend_fixture_lay (f->choice, f->home);
  g_assert_cmpstr (find_rules (), ==, "nftables");
  g_assert_cmpstr (f->choice->klass->name, ==, "nftables");
  g_assert_null (f->choice->klass->passed_over);
  for (guint i = 0; i < 4; i++)
    {
      choose (f, i % 2 == 0 ? DIVERT_BACKEND_IPTABLES : DIVERT_BACKEND_NFTABLES);
      g_assert_cmpuint (backend_fixture_lay (f->choice, f->home), >, 0);
      g_assert_cmpstr (find_rules (), ==, i % 2 == 0 ? "iptables" : "nftables");
      g_assert_cmpstr (f->choice->klass->name, ==, find_rules ());
      g_assert_cmpuint (backend_fixture_lay (f->choice, f->home), ==, 0);
    }
  backend_fixture_lay (f->choice, f->nothing);
  g_assert_cmpstr (find_rules (), ==, "");
}

/* What an earlier helper has left with another backend goes, be it rules or the wish to have none. */
static void
test_left_behind (Fixture       *f,
                  gconstpointer  data)
{
  static const DivertBackendKind kinds[] = { DIVERT_BACKEND_IPTABLES, DIVERT_BACKEND_NFTABLES };

  for (guint i = 0; i < 2 * G_N_ELEMENTS (kinds); i++)
    {
      choose (f, kinds[i % 2]);
      backend_fixture_lay (f->choice, f->home);
      divert_backend_free (f->choice);
      f->choice = divert_choice_new ();
      choose (f, kinds[1 - i % 2]);
      backend_fixture_lay (f->choice, i < 2 ? f->nothing : f->away);
      g_assert_cmpstr (find_rules (), ==, i < 2 ? "" : f->choice->klass->name);
      backend_fixture_lay (f->choice, f->nothing);
      choose (f, DIVERT_BACKEND_AUTO);
    }
}

static void
assert_no_legacy_modules (void)
{
  static const char *const legacy[] = { "xt_", "ip_tables", "ip6_tables", "iptable_", "ip6table_" };
  g_autoptr(GPtrArray) modules = divert_choice_list_modules (DIVERT_BACKEND_AUTO, 0);

  g_assert_cmpuint (modules->len, >, 0);
  for (guint i = 0; i < modules->len; i++)
    for (guint j = 0; j < G_N_ELEMENTS (legacy); j++)
      g_assert_false (g_str_has_prefix (modules->pdata[i], legacy[j]));
}

/* While nftables is in use, no legacy table is made, nor a module of theirs asked for.  @data: there aren't any. */
static void
test_no_legacy (Fixture       *f,
                gconstpointer  data)
{
  g_autofree char *names = NULL;
  gboolean any;
  guint64 packets;

  sandbox.tableless = data != NULL;
  probe (f);
  g_assert_cmpstr (f->choice->klass->name, ==, "nftables");
  g_assert_null (f->choice->klass->passed_over);
  assert_no_legacy_modules ();
  backend_fixture_lay (f->choice, f->home);
  backend_fixture_lay (f->choice, f->away);
  g_assert_true (f->choice->klass->inspect (f->choice, &any, NULL));
  g_assert_true (f->choice->klass->count_dropped (f->choice, &packets, NULL));
  g_assert_true (f->choice->klass->withdraw (f->choice, NULL));
  backend_fixture_lay (f->choice, f->nothing);
  names = sandbox_read_names ();
  g_assert_cmpstr (names, ==, "");
  g_assert_cmpuint (sandbox.n_read + sandbox.n_replaced, ==, 0);
  if (sandbox.tableless)
    assert_unavailable (f, DIVERT_BACKEND_IPTABLES);
}

/* Without nftables it is iptables, and we say why.  test-nft-lacks.c leaves out parts of it. */
static void
test_no_nftables (Fixture       *f,
                  gconstpointer  data)
{
  lack = GPOINTER_TO_INT (data);
  probe (f);
  g_assert_cmpstr (f->choice->klass->name, ==, "iptables");
  g_assert_nonnull (f->choice->klass->passed_over);
  g_test_message ("%s", f->choice->klass->passed_over);
  g_assert_nonnull (strstr (f->choice->klass->passed_over, "the kernel has no nftables"));
  g_assert_cmpuint (backend_fixture_lay (f->choice, f->home), >, 0);
  g_assert_cmpuint (backend_fixture_lay (f->choice, f->home), ==, 0);
  g_assert_cmpstr (find_rules (), ==, "iptables");
  g_assert_true (f->choice->klass->withdraw (f->choice, NULL));
  backend_fixture_lay (f->choice, f->away);
  assert_unavailable (f, DIVERT_BACKEND_NFTABLES);
  lack = LACKS_NOTHING;
  g_assert_cmpstr (find_rules (), ==, "iptables");
}

/* No backend works in both families: the one that works in one of them is taken, until the other one has all. */
static void
test_one_family (Fixture       *f,
                 gconstpointer  data)
{
  g_autoptr(GError) error = NULL;

  lack = LACKS_NFTABLES;
  sandbox.lacking = "icmp6";
  sandbox.lacking_error = ENOENT;
  g_assert_true (f->choice->klass->probe (f->choice, DIVERT_FAMILY_IPV4, NULL));
  g_assert_false (f->choice->klass->probe (f->choice, DIVERT_FAMILY_IPV6, &error));
  g_assert_error (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_UNAVAILABLE);
  g_assert_cmpstr (f->choice->klass->name, ==, "iptables");
  g_assert_nonnull (f->choice->klass->passed_over);
  backend_fixture_lay (f->choice, f->away);

  lack = LACKS_NOTHING;
  probe (f);
  backend_fixture_lay (f->choice, f->away);
  g_assert_cmpstr (find_rules (), ==, "nftables");
  g_assert_null (f->choice->klass->passed_over);
}

/* The new one's rules can't be laid: the old ones stay, without what they grant. */
static void
test_refused (Fixture       *f,
              gconstpointer  data)
{
  g_autoptr(GError) error = NULL;
  DivertApplied applied = { 0, 0, FALSE };
  g_autofree char *rules = NULL;

  choose (f, DIVERT_BACKEND_IPTABLES);
  backend_fixture_lay (f->choice, f->home);
  test_run ("nft add table inet nm-divert");
  choose (f, DIVERT_BACKEND_NFTABLES);
  g_assert_false (f->choice->klass->apply (f->choice, f->home, &applied, &error));
  g_assert_error (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_FOREIGN);
  g_assert_cmpstr (find_rules (), ==, "iptables");
  rules = test_output ("iptables-legacy-save -t mangle");
  g_assert_cmpuint (test_count (rules, "-s 192.168.22.33/32 -d 192.168.22.0/24"), ==, 0);
}

static void
lay_alone (DivertBackend *(*create) (void),
           DivertRuleset *ruleset)
{
  g_autoptr(DivertBackend) backend = create ();
  g_autoptr(GError) error = NULL;
  DivertApplied applied = { 0, 0, FALSE };

  backend->klass->apply (backend, ruleset, &applied, &error);
  g_assert_no_error (error);
}

/* Somebody else's legacy tables are there, and the unit doesn't let us look at them. */
static void
test_hidden (Fixture       *f,
             gconstpointer  data)
{
  gboolean any;
  guint64 dropped;

  test_run ("iptables-legacy -t mangle -N THEIRS");
  lack = LACKS_LEAVE;
  probe (f);
  backend_fixture_lay (f->choice, f->home);
  g_assert_true (f->choice->klass->count_dropped (f->choice, &dropped, NULL));
  g_assert_true (f->choice->klass->inspect (f->choice, &any, NULL));
  g_assert_true (any);
  lack = LACKS_NOTHING;
  g_assert_cmpstr (find_rules (), ==, "nftables");

  lack = LACKS_LEAVE;
  g_assert_true (f->choice->klass->withdraw (f->choice, NULL));
  backend_fixture_lay (f->choice, f->nothing);
  g_assert_true (f->choice->klass->inspect (f->choice, &any, NULL));
  g_assert_false (any);

  /* As soon as it may look, it does. */
  lack = LACKS_NOTHING;
  lay_alone (divert_backend_iptables_new, f->away);
  backend_fixture_lay (f->choice, f->home);
  g_assert_cmpstr (find_rules (), ==, "nftables");
}

/* Both would leave, if there were no rules.  Returns the sender. */
static int
start_load (void)
{
  backend_fixture_plug_in ();
  test_run ("nft 'table netdev far { chain c { type filter hook ingress device far priority 0; "
            "udp dport 9 counter; }; }'");
  return test_child_start (backend_fixture_send, NULL);
}

/* Nothing has left so far.  Without rules it does. */
static void
stop_load (Fixture *f,
           int      child)
{
  g_autofree char *counted = test_output ("nft list table netdev far");

  g_assert_cmpuint (test_count (counted, "counter packets 0 "), ==, 1);
  backend_fixture_lay (f->choice, f->nothing);
  test_run ("timeout 10 sh -c 'until nft list table netdev far | grep -q \"packets [1-9]\"; do sleep 0.01; done'");
  test_child_stop (child);
}

/* Nothing leaves in any moment of many changes. */
static void
test_under_load (Fixture       *f,
                 gconstpointer  data)
{
  int child;

  choose (f, DIVERT_BACKEND_IPTABLES);
  backend_fixture_lay (f->choice, f->away);
  child = start_load ();
  for (guint i = 0; i < 40; i++)
    {
      choose (f, i % 2 == 0 ? DIVERT_BACKEND_NFTABLES : DIVERT_BACKEND_IPTABLES);
      backend_fixture_lay (f->choice, f->away);
    }
  stop_load (f, child);
}

/* A helper of an earlier version has left its rules in the legacy tables, and the new one takes over. */
static void
test_upgrade (Fixture       *f,
              gconstpointer  data)
{
  int child;

  lay_alone (divert_backend_iptables_new, f->away);
  child = start_load ();
  for (guint i = 0; i < 20; i++)
    {
      lay_alone (divert_backend_iptables_new, f->away);
      /* A table belongs to its helper, until that ends. */
      divert_backend_free (f->choice);
      lay_alone (divert_backend_nftables_new, f->nothing);
      g_assert_cmpstr (find_rules (), ==, "iptables");
      f->choice = divert_choice_new ();
      probe (f);
      backend_fixture_lay (f->choice, f->away);
      g_assert_cmpstr (find_rules (), ==, "nftables");
    }
  stop_load (f, child);
}

static void
add_with (const char *name,
          void      (*test) (Fixture *, gconstpointer),
          guint       data)
{
  g_test_add (name, Fixture, GUINT_TO_POINTER (data), set_up, test, tear_down);
}

static void
add (const char *name,
     void      (*test) (Fixture *, gconstpointer))
{
  add_with (name, test, 0);
}

int
main (int    argc,
      char **argv)
{
  test_needs ("nft", "iptables-legacy", "ip", NULL);
  test_needs_namespaces ();
  g_test_init (&argc, &argv, NULL);
  add ("/choice/there-and-back", test_there_and_back);
  add ("/choice/left-behind", test_left_behind);
  add ("/choice/no-legacy", test_no_legacy);
  add_with ("/choice/no-legacy/none-there", test_no_legacy, TRUE);
  add_with ("/choice/no-nftables/nftables", test_no_nftables, LACKS_NFTABLES);
  add_with ("/choice/no-nftables/netfilter", test_no_nftables, LACKS_NETFILTER);
  add ("/choice/one-family", test_one_family);
  add ("/choice/refused", test_refused);
  add ("/choice/hidden", test_hidden);
  add ("/choice/under-load", test_under_load);
  add ("/choice/upgrade", test_upgrade);
  return g_test_run ();
}
