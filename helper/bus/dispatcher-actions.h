/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The actions of NetworkManager's dispatcher, NetworkManager-dispatcher(8), that the hook passes on and the helper
 * accepts.
 */
#pragma once

#define DIVERT_DISPATCHER_ACTIONS \
  "pre-up", "up", "pre-down", "down", "vpn-pre-up", "vpn-up", "vpn-pre-down", "vpn-down", "hostname", "dhcp4-change", \
  "dhcp6-change", "connectivity-change", "reapply", "dns-change", "device-add", "device-delete"
