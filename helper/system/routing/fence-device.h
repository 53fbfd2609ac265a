/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device that swallows what the fence catches.  Between fence.c and its parts only.
 */
#pragma once

#include "system/netlink/netlink.h"

G_BEGIN_DECLS

typedef struct DivertFenceDevice DivertFenceDevice;

/* What it can be made of, the best first: kinds of link, and the names of their modules.  NULL-terminated. */
extern const char *const divert_fence_device_kinds[];

DivertFenceDevice *divert_fence_device_new (void);
/* The device stays. */
void               divert_fence_device_free (DivertFenceDevice *device);

/* Its index; 0: it is not there, or somebody else's has the name.  @ret_whole (optional): it is there, up, and has a
   carrier. */
guint              divert_fence_device_find (DivertNetlink *netlink, gboolean *ret_whole);
/* Makes it, or what there is of it whole; 0 if that fails. */
guint              divert_fence_device_make (DivertFenceDevice *device, DivertNetlink *netlink, GError **error);
/* Takes it away, if it is there and ours; @ret_wrote becomes TRUE then. */
gboolean           divert_fence_device_remove (DivertFenceDevice *device, DivertNetlink *netlink, gboolean *ret_wrote,
                                               GError **error);

G_END_DECLS
