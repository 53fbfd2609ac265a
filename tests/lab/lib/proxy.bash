# SPDX-License-Identifier: GPL-2.0-or-later
# The laptop's proxy: v2ray with a transparent inbound on 22223 and a DNS inbound on 1053, run in the group that the
# rules exempt.  The site's intranet goes through the ss-server at home, everything else through the one abroad.

LAB_GROUP=clash
LAB_GID=23333
LAB_TPROXY_PORT=22223
LAB_DNS_PORT=1053

lab_proxy_up ()
{
  getent group "$LAB_GROUP" >/dev/null || echo "$LAB_GROUP:x:$LAB_GID:" >>/etc/group
  lab_proxy_config >/run/lab/v2ray.json
  lab_proxy_start
}

lab_proxy_start ()
{
  # It runs as root in the proxy's group.  A user of its own would need ambient capabilities, which are the unit's
  # business, not the rules'.
  spawn v2ray setpriv --regid "$LAB_GROUP" --clear-groups -- v2ray -config /run/lab/v2ray.json
}

# as_proxy COMMAND…: runs it in the proxy's group.
as_proxy ()
{
  ${LAB_EXEC-} setpriv --regid "$LAB_GROUP" --clear-groups -- "$@"
}

# lab_proxy_inbounds FAMILY ADDRESS LOOPBACK: one transparent inbound and one for DNS.
lab_proxy_inbounds ()
{
  local tag=$1 address=$2 loopback=$3

  cat <<END
    { "tag": "tproxy$tag", "listen": "$address", "port": $LAB_TPROXY_PORT, "protocol": "dokodemo-door",
      "settings": { "network": "tcp,udp", "followRedirect": true },
      "streamSettings": { "sockopt": { "tproxy": "tproxy" } } },
    { "tag": "dns$tag", "listen": "$loopback", "port": $LAB_DNS_PORT, "protocol": "dokodemo-door",
      "settings": { "network": "tcp,udp", "address": "$WEB4", "port": 53 } }
END
}

lab_proxy_outbound ()
{
  cat <<END
    { "tag": "$1", "protocol": "shadowsocks",
      "settings": { "servers": [ { "address": "$2", "port": $LAB_SS_PORT,
                                   "method": "$LAB_SS_METHOD", "password": "$LAB_SS_KEY" } ] } }
END
}

lab_proxy_config ()
{
  cat <<END
{
  "log": { "loglevel": "warning" },
  "inbounds": [
$(lab_proxy_inbounds 4 0.0.0.0 127.0.0.1),
$(lab_proxy_inbounds 6 ::1 ::1)
  ],
  "outbounds": [
$(lab_proxy_outbound abroad "$ABROAD4"),
$(lab_proxy_outbound home 203.0.113.22)
  ],
  "routing": { "rules": [
    { "type": "field", "outboundTag": "home",
      "ip": [ "192.168.22.0/24", "fd00:22::/64", "2001:db8:22::/64" ] }
  ] }
}
END
}
