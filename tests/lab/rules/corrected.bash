# SPDX-License-Identifier: GPL-2.0-or-later
# What the product must achieve, written by hand and in small.  It covers both families, and is told the place instead
# of guessing it.  It proves that the lab's paths work.  It isn't a second implementation (it has no leak guard, no
# bound sockets, no flows that cross a change).

# corrected_lay home|away
corrected_lay ()
{
  corrected_lay_family "$1" 4 iptables-legacy 192.168.22.0/24
  corrected_lay_family "$1" 6 ip6tables-legacy fd00:22::/64 2001:db8:22::/64
}

corrected_lay_family ()
{
  local place=$1 family=$2 iptables=$3 protocol prefix
  shift 3

  ip "-$family" route add local default dev lo table 2233
  ip "-$family" rule add fwmark 23/0xff lookup 2233 pref 100

  "$iptables" -t mangle -N LOCAL_DIVERT
  "$iptables" -t mangle -A LOCAL_DIVERT -m conntrack --ctdir REPLY -j RETURN
  "$iptables" -t mangle -A LOCAL_DIVERT -m owner --gid-owner 23333 -j RETURN
  "$iptables" -t mangle -A LOCAL_DIVERT -m addrtype --dst-type LOCAL -j RETURN
  "$iptables" -t mangle -A LOCAL_DIVERT -m addrtype --dst-type MULTICAST -j RETURN
  for protocol in tcp udp; do
    # If a query were marked as well as redirected, it would come back to the transparent port.
    "$iptables" -t mangle -A LOCAL_DIVERT -p "$protocol" --dport 53 -j RETURN
    if [[ $place == home ]]; then
      for prefix; do
        "$iptables" -t mangle -A LOCAL_DIVERT -d "$prefix" -j RETURN
      done
    fi
    "$iptables" -t mangle -A LOCAL_DIVERT -p "$protocol" -j MARK --set-xmark 23/0xff
    "$iptables" -t mangle -A PREROUTING -i lo -p "$protocol" -m mark --mark 23/0xff \
      -j TPROXY --on-port 22223 --tproxy-mark 0/0
    "$iptables" -t nat -A OUTPUT -p "$protocol" --dport 53 -m owner ! --gid-owner 23333 \
      -j REDIRECT --to-ports 1053
  done
  "$iptables" -t mangle -A OUTPUT -j LOCAL_DIVERT
}

corrected_remove ()
{
  local iptables

  for iptables in iptables-legacy ip6tables-legacy; do
    "$iptables" -t mangle -F
    "$iptables" -t mangle -X
    "$iptables" -t nat -F OUTPUT
  done
  ip -4 rule del fwmark 23/0xff lookup 2233
  ip -6 rule del fwmark 23/0xff lookup 2233
  ip -4 route flush table 2233
  ip -6 route flush table 2233
}
