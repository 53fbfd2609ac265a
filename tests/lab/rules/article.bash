# SPDX-License-Identifier: GPL-2.0-or-later
# The rules that nm-divert replaces, as their users install them: one static IPv4 set that takes a packet's source
# address for the place.  They are kept as they are, including their faults, to show that the lab sees the faults and
# what they cost.

article_lay ()
{
  local protocol prefix
  local intranet=192.168.22.0/24
  local bypass=(0.0.0.0/8 10.0.0.0/8 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.168.0.0/16 224.0.0.0/4 240.0.0.0/4)

  ip rule add fwmark 23 table 2233
  ip route add local default dev lo table 2233

  iptables-legacy -t mangle -N LOCAL_DIVERT
  iptables-legacy -t mangle -N LOCAL_INTRANET_DIVERT
  iptables-legacy -t mangle -N DIVERT
  iptables-legacy -t mangle -N INTRANET_DIVERT

  iptables-legacy -t mangle -A LOCAL_DIVERT ! -s "$intranet" -d "$intranet" -j LOCAL_INTRANET_DIVERT
  iptables-legacy -t mangle -A DIVERT ! -s "$intranet" -d "$intranet" -j INTRANET_DIVERT
  for prefix in "${bypass[@]}"; do
    iptables-legacy -t mangle -A LOCAL_DIVERT -d "$prefix" -j RETURN
    iptables-legacy -t mangle -A DIVERT -d "$prefix" -j RETURN
  done
  for protocol in tcp udp; do
    iptables-legacy -t mangle -A LOCAL_DIVERT -p "$protocol" -j MARK --set-mark 23
    iptables-legacy -t mangle -A LOCAL_INTRANET_DIVERT -p "$protocol" -j MARK --set-mark 23
    iptables-legacy -t mangle -A DIVERT -p "$protocol" -j TPROXY --on-port 22223
    for prefix in 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16; do
      iptables-legacy -t mangle -A INTRANET_DIVERT -s "$prefix" -p "$protocol" -j TPROXY --on-port 22223
    done
    iptables-legacy -t mangle -A OUTPUT -p "$protocol" -m owner ! --gid-owner 23333 -j LOCAL_DIVERT
    iptables-legacy -t mangle -A PREROUTING -p "$protocol" -j DIVERT
  done
  iptables-legacy -t nat -I OUTPUT -p udp --dport 53 -m owner ! --gid-owner 23333 -j REDIRECT --to-ports 1053
}

article_remove ()
{
  local protocol chain

  for protocol in tcp udp; do
    iptables-legacy -t mangle -D OUTPUT -p "$protocol" -m owner ! --gid-owner 23333 -j LOCAL_DIVERT
    iptables-legacy -t mangle -D PREROUTING -p "$protocol" -j DIVERT
  done
  iptables-legacy -t nat -D OUTPUT -p udp --dport 53 -m owner ! --gid-owner 23333 -j REDIRECT --to-ports 1053
  for chain in LOCAL_DIVERT DIVERT LOCAL_INTRANET_DIVERT INTRANET_DIVERT; do
    iptables-legacy -t mangle -F "$chain"
  done
  for chain in LOCAL_DIVERT DIVERT LOCAL_INTRANET_DIVERT INTRANET_DIVERT; do
    iptables-legacy -t mangle -X "$chain"
  done
  ip rule del fwmark 23 table 2233
  ip route del local default dev lo table 2233
}
