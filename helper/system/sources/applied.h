/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What NetworkManager has applied to a device.  Part of networkmanager.c.
 */
#pragma once

#include "system/base/look-again.h"

#include <NetworkManager.h>

G_BEGIN_DECLS

/* Is it worth knowing: is it of a device that may prove something? */
gboolean divert_applied_matters (NMActiveConnection *active);
/* Asks NetworkManager for the connection that is applied to @device, if its active one is not known yet; @anew: in any
 * case.  @changed comes later, when an answer says something new, unless @cancellable was cancelled before. */
void     divert_applied_read (NMDevice *device, gboolean anew, GCancellable *cancellable, DivertLookAgain changed,
                              gpointer user_data);
/* FALSE: what is applied to the device now is not known, or not yet. @ret_key_mgmt is as DivertConnection has it, and
 * @device's. */
gboolean divert_applied_get_key_mgmt (NMDevice *device, const char **ret_key_mgmt);
/* Is the answer about @device's active connection still to come? */
gboolean divert_applied_is_awaited (NMDevice *device);

G_END_DECLS
