/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: what all parts of the gateways do with the list itself.
 */
#include "gateway-private.h"

DivertResolution *
divert_gateways_find (const GPtrArray    *list,
                      guint               ifindex,
                      const DivertPrefix *address,
                      guint              *ret_position)
{
  for (guint i = 0; i < list->len; i++)
    {
      DivertResolution *resolution = list->pdata[i];

      if (resolution->ifindex != ifindex || !divert_prefix_equal (&resolution->address, address))
        continue;
      if (ret_position != NULL)
        *ret_position = i;
      return resolution;
    }
  return NULL;
}

void
divert_gateways_drop_answers (DivertGateways *gateways,
                              guint           ifindex,
                              DivertFamilies  families)
{
  divert_link_epochs_begin (gateways->epochs, ifindex);
  for (guint i = 0; i < gateways->list->len; i++)
    {
      DivertResolution *resolution = gateways->list->pdata[i];

      if ((ifindex == 0 || resolution->ifindex == ifindex) && families & (1 << resolution->address.family))
        divert_resolution_forget (resolution);
    }
}
