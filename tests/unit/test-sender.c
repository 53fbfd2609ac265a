/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which device somebody is behind, and whose address stands for that of all there. */
#include "run/sender.h"

#include "values.h"

#define LINK(number, name, addresses) \
  "[link " number "]\nifindex=" number "\nname=" name "\ncarrier=true\naddresses=" addresses "\n"

typedef struct
{
  const char *from;
  const char *to;
  const char *expected; /* device and address; NULL: nobody is found */
} Case;

/* The networks are nested in either order. */
static const char facts_text[] =
  LINK ("1", "wide0", "10.0.0.1/8")
  LINK ("2", "docker0", "172.17.0.1/16;fd00:17::1/64;fe80::1/64")
  LINK ("3", "nested0", "10.1.2.1/24")
  LINK ("4", "nested1", "10.1.0.1/16")
  LINK ("5", "two0", "10.90.0.0/31;fd00:90::1/127")
  LINK ("6", "four0", "10.91.0.1/30;10.91.0.2/30")
  LINK ("7", "many0", "10.92.0.1/24;10.92.0.2/24")
  LINK ("8", "third0", "10.93.0.3/24;fd00:93::3/64")
  LINK ("9", "late0", "10.94.0.252/24")
  LINK ("10", "lone0", "10.95.0.1/32;fd00:95::1/128")
  LINK ("11", "bare0", "fe80::2/64;169.254.1.1/16");

static void
check (const Case *c)
{
  g_autoptr(DivertFacts) facts = test_facts_new (facts_text);
  DivertPacket packet = { 0 };
  g_autofree char *address = NULL, *found = NULL;

  g_assert_true (divert_address_parse (c->to, &packet.destination, NULL));
  if (divert_sender_find (facts, c->from, &packet))
    {
      address = packet.has_source ? divert_prefix_to_string (&packet.source) : g_strdup ("-");
      found = g_strdup_printf ("%s %s", packet.in_interface, address);
    }
  g_test_message ("from %s to %s", c->from, c->to);
  g_assert_cmpstr (found, ==, c->expected);
}

static void
test_address (void)
{
  static const Case cases[] = {
    { "172.17.0.9", "1.1.1.1", "docker0 172.17.0.9" },
    { "fd00:17::9", "2001:db8::1", "docker0 fd00:17::9" },
    { "172.17.0.9", "2001:db8::1", NULL },
    { "192.0.2.1", "1.1.1.1", NULL },
    { "fe80::9", "2001:db8::1", NULL },
    /* The narrowest network has it. */
    { "10.1.2.9", "1.1.1.1", "nested0 10.1.2.9" },
    { "10.1.9.9", "1.1.1.1", "nested1 10.1.9.9" },
    { "10.9.9.9", "1.1.1.1", "wide0 10.9.9.9" },
    { "10.90.0.1", "1.1.1.1", "two0 10.90.0.1" },
    /* This machine's own are nobody else's. */
    { "172.17.0.1", "1.1.1.1", NULL },
    { "10.1.2.1", "1.1.1.1", NULL },
    { "10.95.0.1", "1.1.1.1", NULL },
    { "fd00:90::1", "2001:db8::1", NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    check (&cases[i]);
}

static void
test_device (void)
{
  static const Case cases[] = {
    { "docker0", "1.1.1.1", "docker0 172.17.0.2" },
    { "docker0", "2001:db8::1", "docker0 fd00:17::2" },
    { "nowhere0", "1.1.1.1", NULL },
    /* Both addresses of such a network are usable. */
    { "two0", "1.1.1.1", "two0 10.90.0.1" },
    { "two0", "2001:db8::1", "two0 fd00:90::" },
    /* The others are ours. */
    { "four0", "1.1.1.1", "four0 -" },
    { "many0", "1.1.1.1", "many0 10.92.0.3" },
    /* Neither the network's own address, nor the one for all. */
    { "third0", "1.1.1.1", "third0 10.93.0.2" },
    { "third0", "2001:db8::1", "third0 fd00:93::2" },
    { "late0", "1.1.1.1", "late0 10.94.0.253" },
    /* Nobody else is there. */
    { "lone0", "1.1.1.1", "lone0 -" },
    { "lone0", "2001:db8::1", "lone0 -" },
    { "bare0", "1.1.1.1", "bare0 -" },
    { "bare0", "2001:db8::1", "bare0 -" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    check (&cases[i]);
}

static void
test_unknown (void)
{
  DivertPacket packet = { 0 };

  g_assert_false (divert_sender_find (NULL, "docker0", &packet));
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sender/address", test_address);
  g_test_add_func ("/sender/device", test_device);
  g_test_add_func ("/sender/unknown", test_unknown);
  return g_test_run ();
}
