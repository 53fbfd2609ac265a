/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trust: what is learned, merged and refused. */
#include "core/trust/trust.h"
#include "values.h"

#include <string.h>

#define UUID "6b0c0d7c-0000-4000-8000-000000000001"
#define OTHER "6b0c0d7c-0000-4000-8000-000000000002"

#define MACHINE "[machine]\nnm-running=true\nsleeping=false\n\n"
#define CONNECTION(more) \
  "[connection 1]\nuuid=" UUID "\nid=Home\ntype=802-11-wireless\ndevice=wlan0\nup=true\nexternal=false\n" \
  "key-mgmt=wpa-psk\n" more "\n"
#define LINK(addresses, gateways) \
  "[link 1]\nifindex=3\nname=wlan0\ncarrier=true\naddresses=" addresses "\ngateways=" gateways "\n\n"
#define ROUTE(destination) "[route 1]\ndestination=" destination "\nifindex=3\n"
#define ADDRESSES "192.168.22.33/24;fd00:22::33/64;fe80::33/64"
#define GATEWAY "192.168.22.1 resolved 02:00:00:00:00:01"

static DivertLearned *
learn (const char  *facts_text,
       const char  *uuid,
       const char  *config_text,
       GError     **error)
{
  g_autoptr(DivertFacts) facts = test_facts_new (facts_text);
  g_autoptr(DivertConfig) config = test_config_new (config_text);

  return divert_trust_learn (facts, uuid, "home", divert_config_find_site (config, "home"), 0, error);
}

static void
assert_learns (const char *facts,
               const char *uuid,
               const char *config,
               const char *text)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(DivertLearned) learned = learn (facts, uuid, config, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (learned->text, ==, text);
  g_assert_cmpstr (learned->uuid, ==, UUID);
}

static void
assert_refused (const char       *facts,
                const char       *uuid,
                const char       *config,
                DivertTrustError  code,
                const char       *message)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(DivertLearned) learned = learn (facts, uuid, config, &error);

  g_assert_null (learned);
  g_assert_error (error, DIVERT_TRUST_ERROR, (int) code);
  if (strstr (error->message, message) == NULL)
    g_error ("'%s' is not in '%s'", message, error->message);
}

static void
test_new_site (void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(DivertLearned) learned = learn (MACHINE CONNECTION ("") LINK (ADDRESSES, GATEWAY), "", "", &error);

  g_assert_no_error (error);
  g_assert_cmpstr (learned->id, ==, "Home");
  g_assert_cmpstr (learned->device, ==, "wlan0");
  g_assert_cmpuint (learned->intranet->len, ==, 2);
  g_assert_cmpuint (learned->gateway_macs->len, ==, 1);
  g_assert_cmpstr (learned->text, ==,
                   "[site home]\nintranet=192.168.22.0/24;fd00:22::/64\nconnection-uuid=" UUID
                   ";\ngateway-mac=02:00:00:00:00:01\n");
}

static void
test_networks (void)
{
  /* An address without a network gets the network that the link reaches. */
  assert_learns (MACHINE CONNECTION ("") LINK ("192.168.22.33/24;2001:db8:22::33/128", GATEWAY)
                 ROUTE ("2001:db8:22::/64"), UUID, "",
                 "[site home]\nintranet=192.168.22.0/24;2001:db8:22::/64\nconnection-uuid=" UUID
                 ";\ngateway-mac=02:00:00:00:00:01\n");
  /* If no gateway answers, the MAC address is no proof. */
  assert_learns (MACHINE CONNECTION ("") LINK ("192.168.22.33/24", "192.168.22.1 failed"), UUID, "",
                 "[site home]\nintranet=192.168.22.0/24\nconnection-uuid=" UUID ";\n");
  /* Half of the internet can't be an intranet. */
  assert_learns (MACHINE CONNECTION ("") LINK ("192.168.22.33/24;10.0.0.1/1", ""), UUID, "",
                 "[site home]\nintranet=192.168.22.0/24\nconnection-uuid=" UUID ";\n");
}

/* On a bridge that a cable carries.  Its port isn't meant. */
static void
test_bridge (void)
{
#define BRIDGE "[connection 1]\nuuid=" UUID "\nid=Bridge\ntype=bridge\ndevice=br0\nup=true\nexternal=false\n" \
               "[connection 2]\nuuid=" OTHER "\nid=Port\ntype=802-3-ethernet\ndevice=eth0\nup=true\nexternal=false\n" \
               "[link 1]\nifindex=3\nname=br0\nkind=bridge\ncarrier=true\naddresses=" ADDRESSES \
               "\ngateways=" GATEWAY "\n"
  assert_learns (MACHINE BRIDGE "[link 2]\nifindex=4\nname=eth0\nmaster=3\ncarrier=true\n", "", "",
                 "[site home]\nintranet=192.168.22.0/24;fd00:22::/64\nconnection-uuid=" UUID
                 ";\ngateway-mac=02:00:00:00:00:01\n");
  assert_refused (MACHINE BRIDGE "[link 2]\nifindex=4\nname=vnet0\nkind=tap\nmaster=3\ncarrier=true\n", UUID, "",
                  DIVERT_TRUST_ERROR_UNSUITABLE, "neither a cable nor Wi-Fi");
#undef BRIDGE
}

static void
test_merge (void)
{
  const char *facts = MACHINE CONNECTION ("") LINK ("192.168.22.33/24", GATEWAY);
#define ROUTER "router=192.168.22.254 02:00:00:00:00:fe 10.1.0.0/16\n"

  /* Its routers stay, too. */
  assert_learns (facts, UUID, "[site home]\nintranet=10.1.0.0/16\nconnection-uuid=" OTHER ";\n" ROUTER,
                 "[site home]\nintranet=10.1.0.0/16;192.168.22.0/24\nconnection-uuid=" OTHER ";" UUID ";\n" ROUTER);

  /* A second network is added. What a person added stays. */
  assert_learns (facts, UUID,
                 "[site home]\nintranet=10.1.0.0/16\nconnection-uuid=" OTHER ";\nsubnet=10.1.0.0/16\n"
                 "gateway-mac=02:00:00:00:00:09\ntproxy-port=7777\n",
                 "[site home]\nintranet=10.1.0.0/16;192.168.22.0/24\nconnection-uuid=" OTHER ";" UUID ";\n"
                 "subnet=10.1.0.0/16;192.168.22.0/24\ngateway-mac=02:00:00:00:00:09;02:00:00:00:00:01\n"
                 "tproxy-port=7777\n");
  /* Learning twice is the same as once. */
  assert_learns (facts, UUID,
                 "[site home]\nintranet=192.168.22.0/24\nconnection-uuid=" UUID ";\ngateway-mac=02:00:00:00:00:01\n",
                 "[site home]\nintranet=192.168.22.0/24\nconnection-uuid=" UUID ";\ngateway-mac=02:00:00:00:00:01\n");
  /* No gateway of the first network answers. Asking for one would shut that network out. */
  assert_learns (facts, UUID, "[site home]\nintranet=10.1.0.0/16\nconnection-uuid=" OTHER ";\n",
                 "[site home]\nintranet=10.1.0.0/16;192.168.22.0/24\nconnection-uuid=" OTHER ";" UUID ";\n");
  /* The profile's zone is one of the site's. */
  assert_learns (MACHINE CONNECTION ("zone=home\n") LINK ("192.168.22.33/24", GATEWAY), UUID,
                 "[site home]\nintranet=192.168.22.0/24\nzone=home;\n",
                 "[site home]\nintranet=192.168.22.0/24\nconnection-uuid=" UUID ";\nzone=home;\n");
}

static void
test_refusals (void)
{
  const char *link = LINK ("192.168.22.33/24", GATEWAY);
  g_autofree char *nothing = g_strconcat (MACHINE, link, NULL);
  g_autofree char *vpn = g_strconcat (MACHINE "[connection 1]\nuuid=" UUID "\nid=work\x1b\ntype=vpn\ndevice=wlan0\n"
                                      "up=true\n",
                                      "external=false\n\n", link, NULL);

  assert_refused (nothing, "", "", DIVERT_TRUST_ERROR_NO_CONNECTION, "no connection by cable or Wi-Fi is active");
  assert_refused (nothing, UUID, "", DIVERT_TRUST_ERROR_NO_CONNECTION, "no such active connection: '" UUID "'");
  assert_refused (vpn, UUID, "", DIVERT_TRUST_ERROR_UNSUITABLE, "neither a cable nor Wi-Fi");
  assert_refused (vpn, "", "", DIVERT_TRUST_ERROR_NO_CONNECTION, "no connection");
  assert_refused (MACHINE "[connection 1]\nuuid=" UUID "\nid=eth\ntype=802-3-ethernet\ndevice=wlan0\nup=true\n"
                                                       "external=true\n\n"
                  LINK ("192.168.22.33/24", GATEWAY), UUID, "", DIVERT_TRUST_ERROR_UNSUITABLE, "neither");
  assert_refused (MACHINE "[connection 1]\nuuid=" UUID "\nid=Cafe\ntype=802-11-wireless\ndevice=wlan0\nup=true\n"
                                                       "external=false\n\n"
                  LINK ("192.168.22.33/24", GATEWAY), "", "", DIVERT_TRUST_ERROR_UNSUITABLE, "an open Wi-Fi");
  assert_refused (MACHINE CONNECTION ("zone=public\n") LINK ("192.168.22.33/24", GATEWAY), UUID, "",
                  DIVERT_TRUST_ERROR_UNSUITABLE,
                  "zone overrules trust, and is none of the site's; unset it first: 'public'");
  assert_refused (MACHINE CONNECTION ("") LINK ("fe80::1/64", GATEWAY), UUID, "", DIVERT_TRUST_ERROR_NO_NETWORK,
                  "'wlan0'");
  assert_refused (MACHINE CONNECTION (""), UUID, "", DIVERT_TRUST_ERROR_NO_NETWORK, "'wlan0'");
  assert_refused (MACHINE CONNECTION ("") LINK ("192.168.22.33/24",
                                                "192.168.22.1 resolved 02:00:00:00:00:01 02:00:00:00:00:02"), UUID,
                  "", DIVERT_TRUST_ERROR_GATEWAY, "02:00:00:00:00:01;02:00:00:00:00:02");
  /* The site asks for more. */
  assert_refused (MACHINE CONNECTION ("") LINK ("192.168.22.33/24", "192.168.22.1 failed"), UUID,
                  "[site home]\nintranet=10.1.0.0/16\ngateway-mac=02:00:00:00:00:09\n", DIVERT_TRUST_ERROR_UNSUITABLE,
                  "02:00:00:00:00:09");
  assert_refused (MACHINE CONNECTION ("ssid=Neighbour\n") LINK ("192.168.22.33/24", GATEWAY), UUID,
                  "[site home]\nintranet=192.168.22.0/24\nssid=Home\n", DIVERT_TRUST_ERROR_UNSUITABLE, "Neighbour");
}

static void
test_ambiguous (void)
{
  assert_refused (MACHINE CONNECTION ("")
                  "[connection 2]\nuuid=" OTHER "\nid=cable\ntype=802-3-ethernet\ndevice=eth0\nup=true\n"
                                                "external=false\n\n"
                  LINK ("192.168.22.33/24", GATEWAY)
                  "[link 2]\nifindex=4\nname=eth0\ncarrier=true\naddresses=10.1.0.2/16\ngateways=\n\n",
                  "", "", DIVERT_TRUST_ERROR_AMBIGUOUS, "say which");
  /* A bridge next to it isn't a candidate. */
  assert_learns (MACHINE CONNECTION ("")
                 "[connection 2]\nuuid=" OTHER "\nid=docker\ntype=bridge\ndevice=docker0\nup=true\nexternal=true\n\n"
                 LINK ("192.168.22.33/24", "")
                 "[link 2]\nifindex=4\nname=docker0\ncarrier=true\naddresses=10.1.0.2/16\ngateways=\n\n",
                 "", "", "[site home]\nintranet=192.168.22.0/24\nconnection-uuid=" UUID ";\n");
  /* Neither is a trunk below it, which has no address. */
  assert_learns (MACHINE "[connection 1]\nuuid=" OTHER "\nid=trunk\ntype=802-3-ethernet\ndevice=eth0\nup=true\n"
                                                "external=false\n\n"
                 "[connection 2]\nuuid=" UUID "\nid=vlan\ntype=vlan\ndevice=vlan22\nup=true\nexternal=false\n\n"
                 "[link 1]\nifindex=3\nname=eth0\ncarrier=true\naddresses=fe80::1/64\ngateways=\n\n"
                 "[link 2]\nifindex=4\nname=vlan22\nkind=vlan\nlower=3\ncarrier=true\n"
                 "addresses=192.168.22.33/24\ngateways=\n\n",
                 "", "", "[site home]\nintranet=192.168.22.0/24\nconnection-uuid=" UUID ";\n");
}

static void
test_limit (void)
{
  g_autoptr(GString) config = g_string_new ("[site home]\nintranet=10.0.0.0/8\nconnection-uuid=");
  g_autoptr(GError) error = NULL;
  g_autoptr(DivertLearned) learned = NULL;

  for (guint i = 0; i < DIVERT_CONFIG_MAX_ITEMS; i++)
    g_string_append_printf (config, "%s00000000-0000-4000-8000-%012u", i > 0 ? ";" : "", i);
  g_string_append_c (config, '\n');
  learned = learn (MACHINE CONNECTION ("") LINK ("192.168.22.33/24", GATEWAY), UUID, config->str, &error);
  g_assert_error (error, DIVERT_CONFIG_ERROR, DIVERT_CONFIG_ERROR_LIMIT);
  g_assert_null (learned);
}

/* Everything that a person is shown, or that would be written, changes the digest. */
static void
test_digest (void)
{
  static const char link[] = LINK (ADDRESSES, GATEWAY);
  static const struct
  {
    const char *facts, *config, *site;
  } cases[] = {
    { MACHINE CONNECTION ("") LINK (ADDRESSES, GATEWAY), "", "home" },
    { MACHINE CONNECTION ("") LINK (ADDRESSES, GATEWAY), "", "office" },
    { MACHINE CONNECTION ("") LINK ("192.168.22.33/24", GATEWAY), "", "home" },
    { MACHINE CONNECTION ("") LINK (ADDRESSES ";10.0.0.5/8", GATEWAY), "", "home" },
    { MACHINE CONNECTION ("") LINK (ADDRESSES, "192.168.22.1 resolved 02:00:00:00:00:02"), "", "home" },
    { MACHINE CONNECTION ("") LINK (ADDRESSES, "192.168.22.1 failed"), "", "home" },
    { MACHINE CONNECTION ("") LINK (ADDRESSES, GATEWAY), "[site home]\nintranet=10.0.0.0/8\n", "home" },
    { MACHINE CONNECTION ("") LINK (ADDRESSES, GATEWAY),
      "[site home]\nintranet=10.0.0.0/8\ngateway-mac=02:00:00:00:00:01\n", "home" },
  };
  g_autoptr(GHashTable) digests = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *renamed = g_strconcat (MACHINE "[connection 1]\nuuid=" UUID "\nid=Hom\ntype=802-11-wireless\n"
                                          "device=wlan0\n"
                                          "up=true\nexternal=false\nkey-mgmt=wpa-psk\n\n", link, NULL);
  g_autoptr(GError) error = NULL;
  g_autoptr(DivertLearned) other_name = learn (renamed, UUID, "", &error);

  g_assert_no_error (error);
  g_hash_table_add (digests, divert_learned_digest (other_name, "home"));
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(DivertLearned) learned = learn (cases[i].facts, UUID, cases[i].config, &error);
      g_autoptr(DivertLearned) again = learn (cases[i].facts, "", cases[i].config, NULL);
      g_autofree char *digest = NULL;

      g_assert_no_error (error);
      digest = divert_learned_digest (again, cases[i].site);
      g_assert_cmpuint (strlen (digest), ==, 64);
      g_assert_true (g_hash_table_add (digests, divert_learned_digest (learned, cases[i].site)));
      g_assert_false (g_hash_table_add (digests, g_steal_pointer (&digest)));
    }
}

/* What goes direct besides the intranet is added, and stays. */
static void
test_direct (void)
{
  g_autoptr(DivertFacts) facts = test_facts_new (MACHINE CONNECTION ("") LINK (ADDRESSES, GATEWAY));
  g_autoptr(DivertConfig) config =
      test_config_new ("[site home]\nintranet=10.0.0.0/8\ngateway-mac=02:00:00:00:00:01\ninternet=direct\n");
  const DivertSite *home = divert_config_find_site (config, "home");
  g_autoptr(DivertLearned) none = divert_trust_learn (facts, UUID, "home", NULL, 0, NULL);
  g_autoptr(DivertLearned) names = divert_trust_learn (facts, UUID, "home", NULL, DIVERT_TRUST_DNS, NULL);
  g_autoptr(DivertLearned) both = divert_trust_learn (facts, UUID, "home", home, DIVERT_TRUST_DNS, NULL);

  g_assert_null (strstr (none->text, "direct"));
  g_assert_cmpuint (none->direct, ==, 0);
  g_assert_nonnull (strstr (names->text, "\ndns=direct\n"));
  g_assert_null (strstr (names->text, "internet=direct"));
  g_assert_nonnull (strstr (both->text, "\ninternet=direct\ndns=direct\n"));
  g_assert_cmpuint (both->direct, ==, DIVERT_TRUST_INTERNET | DIVERT_TRUST_DNS);
}

static void
test_forget (void)
{
  g_autoptr(DivertConfig) both = test_config_new ("[site home]\nintranet=10.0.0.0/8\n"
                                                  "connection-uuid=" UUID ";" OTHER "\n");
  g_autoptr(DivertConfig) one = test_config_new ("[site home]\nintranet=10.0.0.0/8\nconnection-uuid=" UUID ";\n");
  g_autoptr(DivertConfig) zone = test_config_new ("[site home]\nintranet=10.0.0.0/8\nconnection-uuid=" UUID ";\n"
                                                  "zone=home;\n");
  g_autoptr(GError) error = NULL;
  g_autofree char *text = NULL, *none = NULL, *by_zone = NULL, *untouched = NULL;

  g_assert_true (divert_trust_forget (divert_config_find_site (both, "home"), UUID, &text, &error));
  g_assert_cmpstr (text, ==, "[site home]\nintranet=10.0.0.0/8\nconnection-uuid=" OTHER ";\n");
  g_assert_true (divert_trust_forget (divert_config_find_site (one, "home"), UUID, &none, &error));
  g_assert_null (none);
  g_assert_true (divert_trust_forget (divert_config_find_site (zone, "home"), UUID, &by_zone, &error));
  g_assert_cmpstr (by_zone, ==, "[site home]\nintranet=10.0.0.0/8\nzone=home;\n");
  g_assert_no_error (error);
  g_assert_false (divert_trust_forget (divert_config_find_site (one, "home"), OTHER, &untouched, &error));
  g_assert_error (error, DIVERT_TRUST_ERROR, DIVERT_TRUST_ERROR_NO_CONNECTION);
  g_assert_null (untouched);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/trust/new-site", test_new_site);
  g_test_add_func ("/trust/networks", test_networks);
  g_test_add_func ("/trust/bridge", test_bridge);
  g_test_add_func ("/trust/merge", test_merge);
  g_test_add_func ("/trust/refusals", test_refusals);
  g_test_add_func ("/trust/ambiguous", test_ambiguous);
  g_test_add_func ("/trust/limit", test_limit);
  g_test_add_func ("/trust/digest", test_digest);
  g_test_add_func ("/trust/direct", test_direct);
  g_test_add_func ("/trust/forget", test_forget);
  return g_test_run ();
}
