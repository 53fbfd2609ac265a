/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device that swallows what the fence catches.  Only for fence.c and its parts.
 */
#pragma once

#include "system/netlink/netlink.h"

G_BEGIN_DECLS

typedef struct DivertFenceDevice DivertFenceDevice;

/* What it can be made of, best first: kinds of link, which are also the names of their modules.  NULL-terminated. */
extern const char *const divert_fence_device_kinds[];

DivertFenceDevice *divert_fence_device_new (void);
/* Does not remove the device. */
void               divert_fence_device_free (DivertFenceDevice *device);

/* Its index; 0: there is none, or somebody else's has the name.  @ret_whole (optional): it is there and
 * up, and has a carrier. */
guint              divert_fence_device_find (DivertNetlink *netlink, gboolean *ret_whole);
/* Creates it, or repairs what is there; 0 on failure. */
guint              divert_fence_device_make (DivertFenceDevice *device, DivertNetlink *netlink, GError **error);
/* Removes it if it is there and ours; then sets @ret_wrote to TRUE. */
gboolean           divert_fence_device_remove (DivertFenceDevice *device, DivertNetlink *netlink, gboolean *ret_wrote,
                                               GError **error);

G_END_DECLS
