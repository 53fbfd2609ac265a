/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the messages that close the gates.
 *
 * They are made when the gates are opened, so that nothing remains to be read or decided when they must close.  The
 * kernel carries out each message whether or not the ones before it failed, so a gate that is gone already does not
 * keep the others open.
 */
#include "fence-closer.h"

#include "fence-writer.h"

#include <string.h>

struct DivertFenceCloser
{
  DivertFence        *fence; /* NULL: none; without its panels */
  DivertNetlinkBatch *batch; /* ready to be sent */
};

DivertFenceCloser *
divert_fence_closer_new (void)
{
  DivertFenceCloser *closer = g_new0 (DivertFenceCloser, 1);

  closer->batch = divert_netlink_batch_new ();
  return closer;
}

void
divert_fence_closer_free (DivertFenceCloser *closer)
{
  if (closer == NULL)
    return;
  divert_fence_free (closer->fence);
  divert_netlink_batch_free (closer->batch);
  g_free (closer);
}

static gboolean
is_set (const DivertFenceCloser *closer,
        const DivertFence       *fence)
{
  const DivertFence *set = closer->fence;

  return set != NULL && set->table == fence->table && set->mark == fence->mark && set->mask == fence->mask &&
         memcmp (set->priorities, fence->priorities, sizeof set->priorities) == 0 &&
         divert_prefixes_equal (set->gates, fence->gates);
}

void
divert_fence_closer_set (DivertFenceCloser *closer,
                         DivertNetlink     *netlink,
                         const DivertFence *fence)
{
  DivertFenceWriter w = { .netlink = netlink, .fence = fence, .batch = closer->batch };

  if (is_set (closer, fence))
    return;
  divert_netlink_batch_clear (closer->batch);
  divert_fence_writer_shut (&w);
  divert_netlink_batch_prepare (closer->batch, netlink);
  divert_fence_free (closer->fence);
  closer->fence = divert_fence_new_empty ();
  closer->fence->table = fence->table;
  closer->fence->mark = fence->mark;
  closer->fence->mask = fence->mask;
  memcpy (closer->fence->priorities, fence->priorities, sizeof fence->priorities);
  g_array_append_vals (closer->fence->gates, fence->gates->data, fence->gates->len);
}

void
divert_fence_closer_send (DivertFenceCloser *closer,
                          DivertNetlink     *netlink)
{
  divert_netlink_batch_send_prepared (closer->batch, netlink);
}
