/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What NetworkManager has applied to a device.  Part of networkmanager.c.
 */
#pragma once

#include "system/base/look-again.h"

#include <NetworkManager.h>

G_BEGIN_DECLS

/* Does it belong to a device that can prove something? */
gboolean divert_applied_matters (NMActiveConnection *active);
/* Asks NetworkManager for the connection applied to @device, unless that of its active one is known;
 * @anew: in any case.  Later calls @changed if an answer says something new, unless @cancellable is
 * cancelled before. */
void     divert_applied_read (NMDevice *device, gboolean anew, GCancellable *cancellable, DivertLookAgain changed,
                              gpointer user_data);
/* FALSE: we do not know, or not yet, what is applied to the device.  @ret_key_mgmt is as in
 * DivertConnection and belongs to @device. */
gboolean divert_applied_get_key_mgmt (NMDevice *device, const char **ret_key_mgmt);
/* Is the answer about @device's active connection still on its way? */
gboolean divert_applied_is_awaited (NMDevice *device);

G_END_DECLS
