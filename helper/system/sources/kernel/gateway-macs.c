/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: how long a gateway's address is remembered, and how many of them.
 *
 * A gateway that answers with two addresses in turn is one that somebody imitates.  So each address is kept for a
 * while, and both are seen.
 */
#include "gateway-macs.h"

#define MEMORY_US (60 * G_TIME_SPAN_SECOND)
#define MAX_MACS  8

GArray *
divert_macs_new (void)
{
  return g_array_new (FALSE, FALSE, sizeof (DivertSeenMac));
}

const DivertSeenMac *
divert_macs_index (const GArray *macs,
                   guint         i)
{
  return &g_array_index (macs, DivertSeenMac, i);
}

static gboolean
find (const GArray    *macs,
      const DivertMac *mac,
      guint           *ret_position)
{
  for (guint i = 0; i < macs->len; i++)
    if (divert_mac_equal (&divert_macs_index (macs, i)->mac, mac))
      {
        *ret_position = i;
        return TRUE;
      }
  return FALSE;
}

DivertMacNews
divert_macs_note (GArray          *macs,
                  const DivertMac *mac,
                  gint64           now)
{
  const DivertSeenMac seen = { *mac, now };
  const gboolean first = macs->len == 0;
  guint position;

  if (find (macs, mac, &position))
    {
      g_array_remove_index (macs, position);
      g_array_prepend_val (macs, seen);
      return position == 0 ? DIVERT_MAC_KNOWN : DIVERT_MAC_OTHER;
    }
  g_array_prepend_val (macs, seen);
  if (macs->len > MAX_MACS)
    g_array_set_size (macs, MAX_MACS);
  return first ? DIVERT_MAC_FIRST : DIVERT_MAC_OTHER;
}

gboolean
divert_macs_drop_old (GArray *macs,
                      gint64  now)
{
  const guint before = macs->len;

  while (divert_macs_get_expiry (macs) <= now)
    g_array_set_size (macs, macs->len - 1);
  return macs->len != before;
}

gint64
divert_macs_get_expiry (const GArray *macs)
{
  return macs->len > 1 ? divert_macs_index (macs, macs->len - 1)->seen + MEMORY_US : G_MAXINT64;
}
