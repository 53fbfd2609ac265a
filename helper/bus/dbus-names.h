/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All of our D-Bus and polkit names.  They are a public contract.
 */
#pragma once

#define DIVERT_DBUS_NAME "org.nmdivert.Helper1"
#define DIVERT_DBUS_PATH "/org/nmdivert/Helper1"
#define DIVERT_DBUS_INTERFACE "org.nmdivert.Helper1"

#define DIVERT_DBUS_ERROR_FAILED "org.nmdivert.Helper1.Error.Failed"
#define DIVERT_DBUS_ERROR_INVALID_ARGUMENT "org.nmdivert.Helper1.Error.InvalidArgument"
#define DIVERT_DBUS_ERROR_NOT_AUTHORIZED "org.nmdivert.Helper1.Error.NotAuthorized"
#define DIVERT_DBUS_ERROR_UNKNOWN_SITE "org.nmdivert.Helper1.Error.UnknownSite"
#define DIVERT_DBUS_ERROR_CONFIG "org.nmdivert.Helper1.Error.Config"
#define DIVERT_DBUS_ERROR_CHANGED "org.nmdivert.Helper1.Error.Changed"

#define DIVERT_ACTION_SWITCH_AWAY "org.nmdivert.switch-away"
#define DIVERT_ACTION_SWITCH_SITE "org.nmdivert.switch-site"
#define DIVERT_ACTION_SWITCH_OFF "org.nmdivert.switch-off"
#define DIVERT_ACTION_TRUST "org.nmdivert.trust"
#define DIVERT_ACTION_RELOAD "org.nmdivert.reload"
