/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns: the kernel that only takes notes. */
#include "gateway-fixture.h"

FakeKernel kernel;

gboolean
divert_neighbour_get (DivertNetlink       *netlink,
                      guint                ifindex,
                      const DivertPrefix  *address,
                      DivertNeighbour     *ret_neighbour,
                      GError             **error)
{
  if (!kernel.refuses)
    *ret_neighbour = kernel.entry;
  return !kernel.refuses;
}

gboolean
divert_neighbour_probe (DivertNetlink          *netlink,
                        const DivertNeighbour  *neighbour,
                        GError                **error)
{
  g_string_append_printf (kernel.log, "probe %02x;", neighbour->mac.bytes[5]);
  return !kernel.refuses;
}

gboolean
divert_neighbour_solicit (DivertNetlink       *netlink,
                          guint                ifindex,
                          const DivertPrefix  *address,
                          GError             **error)
{
  g_string_append (kernel.log, "solicit;");
  return !kernel.refuses;
}

DivertNeighbour
make_entry (guint state,
            guint mac)
{
  const DivertPrefix gateway = { DIVERT_FAMILY_IPV4, 32, { 192, 0, 2, 1 } };

  return (DivertNeighbour) { 2, gateway, state, mac != 0, { { 2, 0, 0, 0, 0, mac } } };
}

void
set_up (Fixture       *f,
        gconstpointer  user_data)
{
  kernel.entry = make_entry (0, 0);
  kernel.refuses = FALSE;
  kernel.log = g_string_new (NULL);
  f->resolution = divert_resolution_new (2, &kernel.entry.address);
}

void
tear_down (Fixture       *f,
           gconstpointer  user_data)
{
  divert_resolution_free (f->resolution);
  g_string_free (kernel.log, TRUE);
}

void
expect_asked (const char *log)
{
  g_assert_cmpstr (kernel.log->str, ==, log);
  g_string_truncate (kernel.log, 0);
}

void
expect (Fixture            *f,
        DivertGatewayState  state,
        const char         *macs,
        gint64              next_tick)
{
  g_autoptr(DivertGateway) gateway = divert_gateway_new (&f->resolution->address);
  g_autoptr(GString) found = g_string_new (NULL);
  gint64 next = divert_resolution_next_tick (f->resolution);

  divert_resolution_fill (f->resolution, gateway);
  for (guint i = 0; i < gateway->macs->len; i++)
    g_string_append_printf (found, "%02x;", g_array_index (gateway->macs, DivertMac, i).bytes[5]);
  g_assert_cmpint (gateway->state, ==, state);
  g_assert_cmpstr (found->str, ==, macs);
  g_assert_cmpint (next == G_MAXINT64 ? -1 : next / MS, ==, next_tick);
}

gboolean
ask (Fixture *f,
     gint64   ms)
{
  return divert_resolution_ask (f->resolution, NULL, ms * MS);
}

gboolean
hasten (Fixture *f,
        gint64   ms)
{
  return divert_resolution_hasten (f->resolution, NULL, ms * MS);
}

gboolean
tick (Fixture *f,
      gint64   ms)
{
  return divert_resolution_tick (f->resolution, NULL, ms * MS);
}

gboolean
see (Fixture *f,
     gint64   ms,
     guint    state,
     guint    mac)
{
  const DivertNeighbour entry = make_entry (state, mac);

  return divert_resolution_see (f->resolution, NULL, &entry, ms * MS);
}

void
resolve (Fixture *f)
{
  ask (f, 0);
  g_assert_true (see (f, 10, NUD_REACHABLE, A));
  kernel.entry = make_entry (NUD_REACHABLE, A);
  expect_asked ("solicit;");
  expect (f, DIVERT_GATEWAY_RESOLVED, "0a;", 1010);
  g_assert_false (divert_resolution_take_doubt (f->resolution));
}
