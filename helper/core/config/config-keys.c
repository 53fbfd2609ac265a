/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the keys, their kinds, and where their values go.  Reading and writing walk the same
 * tables.
 */
#include "config-private.h"

#define KEY(type, name, member, kind) { name, G_STRUCT_OFFSET (type, member), &divert_config_##kind }
/* A value that fills several members.  Its functions get the whole struct. */
#define WIDE_KEY(name, kind) { name, 0, &divert_config_##kind }

const DivertConfigKey divert_proxy_keys[] = {
  KEY (DivertConfig, "group", group, text),
  KEY (DivertConfig, DIVERT_KEY_UNIT, unit, unit),
  KEY (DivertConfig, "tproxy-port", tproxy_port, port),
  KEY (DivertConfig, "dns-port", dns_port, port0),
  { .name = NULL },
};

const DivertConfigKey divert_divert_keys[] = {
  KEY (DivertConfig, DIVERT_KEY_MARK, mark, number),
  KEY (DivertConfig, DIVERT_KEY_MASK, mask, mask),
  KEY (DivertConfig, "table", table, table),
  KEY (DivertConfig, "bypass", bypass, prefixes),
  KEY (DivertConfig, "serve", serve, ports),
  KEY (DivertConfig, "dns-except", dns_except, except),
  KEY (DivertConfig, DIVERT_KEY_EXEMPT_UNITS, exempt_units, units),
  KEY (DivertConfig, "ipv6", ipv6, boolean),
  KEY (DivertConfig, "backend", backend, backend),
  KEY (DivertConfig, "intranet-other", intranet_other_allow, allow),
  KEY (DivertConfig, "forward", forward, forward),
  KEY (DivertConfig, "forward-devices", forward_devices, devices),
  { .name = NULL },
};

const DivertConfigKey divert_site_keys[] = {
  WIDE_KEY (DIVERT_KEY_INTRANET, intranet),
  KEY (DivertSite, "connection-uuid", uuids, uuids),
  KEY (DivertSite, "zone", zones, zones),
  KEY (DivertSite, "subnet", subnets, subnets),
  KEY (DivertSite, "gateway-mac", gateway_macs, macs),
  KEY (DivertSite, DIVERT_KEY_ROUTER, routers, routers),
  KEY (DivertSite, "ssid", ssids, ssids),
  KEY (DivertSite, "bssid", bssids, macs),
  KEY (DivertSite, "security", security, security),
  WIDE_KEY (DIVERT_KEY_BEACON, beacon),
  KEY (DivertSite, "tproxy-port", tproxy_port, port),
  KEY (DivertSite, DIVERT_KEY_INTERNET, internet_direct, way),
  KEY (DivertSite, DIVERT_KEY_DNS, dns_direct, way),
  { .name = NULL },
};

G_STATIC_ASSERT (G_N_ELEMENTS (divert_proxy_keys) <= DIVERT_CONFIG_MAX_KEYS);
G_STATIC_ASSERT (G_N_ELEMENTS (divert_divert_keys) <= DIVERT_CONFIG_MAX_KEYS);
G_STATIC_ASSERT (G_N_ELEMENTS (divert_site_keys) <= DIVERT_CONFIG_MAX_KEYS);
