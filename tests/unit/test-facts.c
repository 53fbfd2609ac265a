/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The facts: order, text form both ways, hostile bytes. */
#include "core/facts/facts.h"
#include "values.h"

#include <string.h>

/* Everything that the text form can express. */
static const char everything[] =
  "[machine]\n"
  "nm-running=true\n"
  "sleeping=false\n"
  "former=2001:db8:22::/64;fd00:22::/64\n"
  "ephemeral-ports=32768-60999\n"
  "rules-ipv4=0 98\n"
  "rules-ipv6=100 - ahead\n"
  "control-groups=true\n"
  "\n"
  "[connection 1]\n"
  "uuid=6b0c0d7c-0000-4000-8000-000000000001\n"
  "id=Home%20%1B[31m\n"
  "zone=home\n"
  "private=true\n"
  "type=802-11-wireless\n"
  "device=wlan0\n"
  "up=true\n"
  "external=false\n"
  "key-mgmt=wpa-psk\n"
  "ssid=Home%FF%00%0A\n"
  "bssid=02:00:00:00:00:0b\n"
  "returned=false\n"
  "\n"
  "[connection 2]\n"
  "uuid=6b0c0d7c-0000-4000-8000-000000000002\n"
  "type=bridge\n"
  "device=\n"
  "up=true\n"
  "external=true\n"
  "shared=true\n"
  "returned=false\n"
  "\n"
  "[link 1]\n"
  "ifindex=2\n"
  "name=eth0\n"
  "kind=veth\n"
  "master=3\n"
  "peer=9\n"
  "carrier=false\n"
  "addresses=\n"
  "gateways=\n"
  "\n"
  "[link 2]\n"
  "ifindex=3\n"
  "name=wlan0\n"
  "carrier=true\n"
  "addresses=192.168.22.33/24;fd00:22::33/64;fe80::33/64\n"
  "fresh=fd00:22::33/64\n"
  "gateways=192.168.22.1 resolved 02:00:00:00:00:01 02:00:00:00:00:02;192.168.22.2 unknown;fe80::1 pending;"
  "fe80::2 failed;fe80::3 resolved newcomer 02:00:00:00:00:03\n"
  "routers=192.168.22.254 failed 02:00:00:00:00:fe\n"
  "own-macs=02:00:00:00:00:03;02:00:00:00:00:13\n"
  "\n"
  "[route 1]\n"
  "destination=10.0.0.0/8\n"
  "gateway=192.168.22.254\n"
  "ifindex=3\n"
  "\n"
  "[route 2]\n"
  "destination=192.168.22.0/24\n"
  "ifindex=3\n"
  "\n"
  "[route 3]\n"
  "destination=2001:db8::1/128\n"
  "gateway=fe80::1\n"
  "ifindex=3\n"
  "\n"
  "[beacon 1]\n"
  "site=home\n"
  "ifindex=3\n"
  "state=failed\n"
  "detail=another key\n"
  "\n"
  "[beacon 2]\n"
  "site=office\n"
  "ifindex=3\n"
  "state=proven\n"
  "\n"
  "[unit 1]\n"
  "path=system.slice/system-a\\\\x2db.slice/a\\\\x2db@1.service\n"
  "id=4294967299\n"
  "\n"
  "[unit 2]\n"
  "path=user.slice/user-1000.slice/user@1000.service/a.service\n"
  "id=7\n";

static void
test_text (void)
{
  g_autoptr(DivertFacts) facts = test_facts_new (everything);
  g_autofree char *text = divert_facts_to_text (facts);
  const DivertConnection *home = g_ptr_array_index (facts->connections, 0);
  const DivertConnection *bridge = g_ptr_array_index (facts->connections, 1);
  const DivertLink *link = divert_facts_find_link (facts, "wlan0");
  const DivertGateway *gateway;
  gsize size;

  g_assert_true (facts->nm_running);
  g_assert_false (facts->sleeping);
  g_assert_cmpstr (home->id, ==, "Home \x1b[31m");
  g_assert_cmpmem (g_bytes_get_data (home->ssid, &size), g_bytes_get_size (home->ssid), "Home\xff\0\n", 7);
  g_assert_true (home->has_bssid);
  g_assert_null (bridge->zone);
  g_assert_null (bridge->ssid);
  g_assert_cmpstr (bridge->device, ==, "");
  g_assert_true (bridge->external);
  g_assert_cmpuint (link->ifindex, ==, 3);
  g_assert_cmpuint (link->addresses->len, ==, 3);
  gateway = g_ptr_array_index (link->gateways, 0);
  g_assert_cmpint (gateway->state, ==, DIVERT_GATEWAY_RESOLVED);
  g_assert_cmpuint (gateway->macs->len, ==, 2);
  g_assert_null (divert_facts_find_link (facts, "wlan"));
  g_assert_cmpuint (divert_facts_find_unit (facts, "a\\x2db@1.service")->id, ==, 4294967299);
  g_assert_null (divert_facts_find_unit (facts, "a.service"));
  g_assert_null (divert_facts_find_link (facts, NULL));

  {
    /* The text form doesn't escape a blank inside a name, because it doesn't have to. */
    g_autofree char *expected = g_strdup (everything);
    char *blank = strstr (expected, "%20");

    *blank = ' ';
    memmove (blank + 1, blank + 3, strlen (blank + 3) + 1);
    g_assert_cmpstr (text, ==, expected);
  }
}

/* Every byte, alone and with others, in every name. */
static void
test_hostile (void)
{
  for (guint seed = 0; seed < 256; seed++)
    {
      g_autoptr(DivertFacts) facts = divert_facts_new ();
      g_autoptr(DivertFacts) again = NULL;
      DivertConnection *connection = divert_connection_new ();
      const DivertConnection *read_back;
      g_autofree char *text = NULL, *text_again = NULL;
      char name[8] = { 0 };

      name[0] = seed == 0 ? 1 : seed;
      for (guint i = 1; i < sizeof name - 1; i++)
        name[i] = g_test_rand_int_range (1, 256);
      connection->uuid = g_strdup (name);
      connection->id = g_strdup (name + 1);
      connection->zone = g_strdup (name + 2);
      connection->device = g_strdup (name + 3);
      connection->key_mgmt = g_strdup (name + 4);
      name[1] = 0;
      connection->ssid = g_bytes_new (name, sizeof name);
      g_ptr_array_add (facts->connections, connection);

      text = divert_facts_to_text (facts);
      for (const char *p = text; *p != '\0'; p++)
        g_assert_true (*p == '\n' || g_ascii_isprint (*p));
      again = test_facts_new (text);
      read_back = g_ptr_array_index (again->connections, 0);
      g_assert_cmpstr (read_back->uuid, ==, connection->uuid);
      g_assert_cmpstr (read_back->id, ==, connection->id);
      g_assert_cmpstr (read_back->zone, ==, connection->zone);
      g_assert_cmpstr (read_back->device, ==, connection->device);
      g_assert_cmpstr (read_back->key_mgmt, ==, connection->key_mgmt);
      g_assert_true (g_bytes_equal (read_back->ssid, connection->ssid));
      text_again = divert_facts_to_text (again);
      g_assert_cmpstr (text, ==, text_again);
    }
}

static void
test_empty (void)
{
  g_autoptr(DivertFacts) facts = divert_facts_new ();
  g_autoptr(DivertFacts) hidden = test_facts_new ("[connection 1]\nssid=\n");
  g_autofree char *text = divert_facts_to_text (facts);
  g_autofree char *hidden_text = divert_facts_to_text (hidden);
  const DivertConnection *connection = g_ptr_array_index (hidden->connections, 0);

  g_assert_cmpstr (text, ==, "[machine]\nnm-running=false\nsleeping=false\n");
  g_assert_cmpuint (g_bytes_get_size (connection->ssid), ==, 0);
  g_assert_nonnull (strstr (hidden_text, "\nssid=\n"));
}

static void
test_bad_text (void)
{
  static const struct
  {
    const char *text, *message;
  } cases[] = {
    { "[machine]\nnm-running=yes\n", "[machine] nm-running: bad value: 'yes'" },
    { "[machine]\nnm-runing=true\n", "[machine] nm-runing: unknown key: 'true'" },
    { "[machine]\nsleeping=true\nsleeping=false\n", "[machine] sleeping: given twice: 'false'" },
    { "[links 1]\nname=eth0\n", "[links 1]: unknown group" },
    { "[connection 1]\nid=%0\n", "[connection 1] id: bad value: '%0'" },
    { "[connection 1]\nid=%00\n", "[connection 1] id: bad value: '%00'" },
    { "[connection 1]\nssid=%zz\n", "[connection 1] ssid: bad value: '%zz'" },
    { "[connection 1]\nbssid=ff:ff:ff:ff:ff:ff\n", "[connection 1] bssid: bad value: 'ff:ff:ff:ff:ff:ff'" },
    { "[link 1]\nifindex=-1\n", "[link 1] ifindex: bad value: '-1'" },
    { "[link 1]\nifindex=1\n", "[link 1]: no name or no ifindex" },
    { "[link 1]\nname=eth0\n", "[link 1]: no name or no ifindex" },
    { "[link 1]\naddresses=10.0.0.1/8;\n", "[link 1] addresses: bad value: '10.0.0.1/8;'" },
    { "[link 1]\ngateways=10.0.0.1\n", "[link 1] gateways: bad value: '10.0.0.1'" },
    { "[link 1]\ngateways=10.0.0.1 known\n", "[link 1] gateways: bad value: '10.0.0.1 known'" },
    { "[link 1]\ngateways=10.0.0.1 resolved 1\n", "[link 1] gateways: bad value: '10.0.0.1 resolved 1'" },
    { "[route 1]\ndestination=ten\n", "[route 1] destination: bad value: 'ten'" },
    { "[route 1]\ngateway=10.0.0.1/8\n", "[route 1] gateway: bad value: '10.0.0.1/8'" },
    { "[unit 1]\npath=a.slice\n", "[unit 1]: no path or no id" },
    { "[unit 1]\npath=/a.slice\nid=1\n", "[unit 1] path: bad value: '/a.slice'" },
    { "[unit 1]\npath=a.slice\nid=0\n", "[unit 1] id: bad value: '0'" },
    { "[beacon 1]\nstate=maybe\n", "[beacon 1] state: bad value: 'maybe'" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(GError) error = NULL;

      g_assert_null (divert_facts_from_text (cases[i].text, strlen (cases[i].text), &error));
      g_assert_cmpstr (error->message, ==, cases[i].message);
    }
}

static void
test_sort (void)
{
  g_autoptr(DivertFacts) facts = test_facts_new (everything);
  g_autoptr(DivertFacts) shuffled = test_facts_new (everything);
  DivertLink *link = g_ptr_array_index (shuffled->links, 1);
  DivertPrefix first = *divert_prefixes_index (link->addresses, 0);
  DivertRoute route = g_array_index (shuffled->routes, DivertRoute, 0);
  g_autofree char *text = divert_facts_to_text (facts), *sorted = NULL;

  g_array_remove_index (link->addresses, 0);
  divert_prefixes_add (link->addresses, &first);
  g_array_remove_index (shuffled->routes, 0);
  g_array_append_val (shuffled->routes, route);
  g_ptr_array_add (link->gateways, g_ptr_array_steal_index (link->gateways, 1));
  g_ptr_array_add (shuffled->links, g_ptr_array_steal_index (shuffled->links, 0));
  g_ptr_array_add (shuffled->connections, g_ptr_array_steal_index (shuffled->connections, 0));
  g_ptr_array_add (shuffled->beacons, g_ptr_array_steal_index (shuffled->beacons, 0));
  divert_facts_sort (shuffled);
  sorted = divert_facts_to_text (shuffled);
  g_assert_cmpstr (sorted, ==, text);
}

static void
test_network (void)
{
  static const struct
  {
    const char *text, *network;
  } cases[] = {
    { "[connection 1]\nuuid=a\ndevice=wlan0\nup=true\n", NULL },
    { "[machine]\nnm-running=true\n", "" },
    { "[machine]\nnm-running=true\n[connection 1]\nuuid=a\ndevice=wlan0\n", "" },
    { "[machine]\nnm-running=true\n[connection 1]\nuuid=a\ndevice=wlan0\nup=true\n", "a@wlan0" },
    { "[machine]\nnm-running=true\n[connection 1]\nuuid=b\ndevice=eth0\nup=true\n[connection 2]\nuuid=a\n"
      "device=wlan0\nup=true\n",
      "a@wlan0 b@eth0" },
    { "[machine]\nnm-running=true\n[connection 1]\nuuid=a\ndevice=docker0\nup=true\nexternal=true\n", "" },
    { "[machine]\nnm-running=true\n[connection 1]\nuuid=a b%0A%FF\ndevice=x@y\nup=true\n", "a%20b%0A%FF@x%40y" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(DivertFacts) facts = test_facts_new (cases[i].text);
      g_autofree char *network = divert_facts_network (facts);

      g_assert_cmpstr (network, ==, cases[i].network);
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/facts/text", test_text);
  g_test_add_func ("/facts/hostile", test_hostile);
  g_test_add_func ("/facts/empty", test_empty);
  g_test_add_func ("/facts/bad-text", test_bad_text);
  g_test_add_func ("/facts/sort", test_sort);
  g_test_add_func ("/facts/network", test_network);
  return g_test_run ();
}
