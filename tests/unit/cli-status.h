/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What Status() answers at home, for the tests of what the command makes of it.
 */
#pragma once

#include <glib.h>

static const char at_home[] =
  "{'mode': <'auto'>, 'mode-expires': <uint64 0>, 'until-network-change': <false>, 'place': <'home'>,"
  " 'reason': <'English'>, 'reason-code': <'proven'>, 'reason-site': <'home'>, 'reason-device': <'wlan0'>,"
  " 'reason-connection': <'Home Wi-Fi'>, 'reason-proof': <'identity'>, 'reason-expected': <''>,"
  " 'reason-found': <'uuid 6b0c'>, 'device': <'wlan0'>, 'backend': <'iptables'>, 'problems': <@as []>,"
  " 'proxy': <{'group': <'clash'>, 'gid': <uint32 23333>, 'tproxy-port': <uint32 22223>, 'dns-port': <uint32 1053>,"
  "            'tcp4': <'good'>, 'tcp6': <'good'>, 'udp4': <'good'>, 'udp6': <'good'>}>,"
  " 'guard-dropped': <uint64 0>, 'lans': <['docker0', 'vir\\u001bbr0']>, 'missing': <@as []>,"
  " 'sites': <[{'name': <'home'>, 'tproxy-port': <uint32 22223>, 'intranet': <['192.168.22.0/24', 'fd00:22::/64']>,"
  "   'candidates': <[{'uuid': <'6b0c'>, 'connection': <'Home Wi-Fi'>, 'device': <'wlan0'>, 'proven': <true>,"
  "     'proofs': <[{'kind': <'subnet'>, 'outcome': <'holds'>, 'expected': <'192.168.22.0/24'>,"
  "                  'found': <'192.168.22.33/24'>}]>}]>}]>}";

static GVariant *
parse (const char *text)
{
  g_autoptr(GError) error = NULL;
  GVariant *value = g_variant_parse (G_VARIANT_TYPE_VARDICT, text, NULL, NULL, &error);

  g_assert_no_error (error);
  return value;
}
