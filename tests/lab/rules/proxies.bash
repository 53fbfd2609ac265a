# SPDX-License-Identifier: GPL-2.0-or-later
# The rules of other transparent proxies as their programs lay them, in small: the chains' names, hooks, priorities,
# marks and ports are theirs.  The programs themselves aren't there, as after a crash, or beside us by mistake.

# v2raya_route [DEL]: its policy routing.
v2raya_route ()
{
  local family

  for family in 4 6; do
    ip -$family rule "${1:-add}" fwmark 0x40/0xc0 table 100
    ip -$family route "${1:-add}" local default dev lo table 100
  done
}

# v2rayA, with TPROXY, for iptables.
v2raya_legacy ()
{
  local iptables protocol

  v2raya_route
  for iptables in iptables-legacy ip6tables-legacy; do
    "$iptables-restore" --noflush <<END
*mangle
:TP_OUT -
:TP_PRE -
:TP_RULE -
:TP_MARK -
-I OUTPUT -j TP_OUT
-I PREROUTING -j TP_PRE
-A TP_OUT -m mark --mark 0x80/0x80 -j RETURN
$(for protocol in tcp udp; do
  echo "-A TP_OUT -p $protocol -m addrtype --src-type LOCAL ! --dst-type LOCAL -j TP_RULE"
  echo "-A TP_PRE -p $protocol -m mark --mark 0x40/0xc0 -j TPROXY --on-port 52345"
done)
-A TP_RULE -j CONNMARK --restore-mark
-A TP_RULE -m mark --mark 0x40/0xc0 -j RETURN
-A TP_RULE -j TP_MARK
-A TP_MARK -p tcp --syn -j MARK --set-xmark 0x40/0x40
-A TP_MARK -p udp -m conntrack --ctstate NEW -j MARK --set-xmark 0x40/0x40
-A TP_MARK -j CONNMARK --save-mark
COMMIT
END
  done
}

# … for nftables.
v2raya_nft ()
{
  v2raya_route
  nft -f - <<'END'
table inet v2raya {
  chain tp_mark {
    tcp flags & (fin | syn | rst | ack) == syn meta mark set meta mark | 0x40
    meta l4proto udp ct state new meta mark set meta mark | 0x40
    ct mark set meta mark
  }
  chain tp_rule {
    meta mark set ct mark
    meta mark & 0xc0 == 0x40 return
    jump tp_mark
  }
  chain tp_out {
    meta mark & 0x80 == 0x80 return
    meta l4proto { tcp, udp } fib saddr type local fib daddr type != local jump tp_rule
  }
  chain tp_pre {
    iifname lo meta mark & 0xc0 != 0x40 return
    meta l4proto { tcp, udp } meta mark & 0xc0 == 0x40 tproxy ip to 127.0.0.1:52345
    meta l4proto { tcp, udp } meta mark & 0xc0 == 0x40 tproxy ip6 to [::1]:52345
  }
  chain output { type route hook output priority mangle - 5; jump tp_out; }
  chain prerouting { type filter hook prerouting priority mangle - 5; jump tp_pre; }
}
END
}

# sing-box with auto_redirect: TCP to a port of its own, UDP by a mark into its tunnel, whose device is gone.
sing_box ()
{
  nft -f - <<'END'
table inet sing-box {
  set bypass { type ipv4_addr; flags interval; elements = { 127.0.0.0/8 }; }
  chain output {
    type nat hook output priority mangle;
    meta mark 0x2024 return
    ip daddr @bypass return
    meta l4proto tcp counter redirect to :45678
  }
  chain output_udp {
    type route hook output priority mangle;
    meta mark 0x2024 return
    ip daddr @bypass return
    meta l4proto udp meta mark set 0x2023 ct mark set meta mark counter
  }
  chain prerouting {
    type nat hook prerouting priority dstnat + 1;
    iifname "tun0" return
    meta l4proto tcp counter redirect to :45678
  }
}
END
  for family in 4 6; do
    ip -$family rule add fwmark 0x2023 table 2022 pref 9001
  done
}

# clash, by the script that its users pass on: REDIRECT for TCP, and DNS to its own port.
clash_redirect ()
{
  local iptables

  for iptables in iptables-legacy ip6tables-legacy; do
    "$iptables-restore" --noflush <<'END'
*nat
:CLASH -
:CLASH_DNS -
-A OUTPUT -p tcp -j CLASH
-I OUTPUT -p udp --dport 53 -j CLASH_DNS
-A CLASH -m owner --uid-owner nobody -j RETURN
-A CLASH -p tcp -j REDIRECT --to-ports 7892
-A CLASH_DNS -m owner --uid-owner nobody -j RETURN
-A CLASH_DNS -p udp -j REDIRECT --to-ports 5353
COMMIT
END
  done
}

# clash, by nftables and TPROXY.
clash_nft ()
{
  for family in 4 6; do
    ip -$family rule add fwmark 0x162 table 354
    ip -$family route add local default dev lo table 354
  done
  nft -f - <<'END'
table inet clash {
  chain output {
    type route hook output priority mangle;
    meta skuid nobody return
    meta l4proto { tcp, udp } meta mark set 0x162
  }
  chain prerouting {
    type filter hook prerouting priority mangle;
    meta l4proto { tcp, udp } meta mark 0x162 tproxy ip to 127.0.0.1:7893 accept
    meta l4proto { tcp, udp } meta mark 0x162 tproxy ip6 to [::1]:7893 accept
  }
}
END
}
