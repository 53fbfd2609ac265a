# SPDX-License-Identifier: GPL-2.0-or-later
# The map, which is the lab's (tests/lab/lib/topology.bash), in network namespaces.  For a guest with an Ethernet cable,
# the host builds it around the guest.  A guest with radios builds it inside itself, and its own namespace is the
# laptop's.
#
#                    inet  198.51.100.80  2001:db8:80::80   (the web, a DNS server)
#                      |   203.0.113.1
#      .---------.-----+-------------.------------------.
#    abroad    home                 cafe               evil
#    .200      .22 (ss-server)      .66                .99
#  (ss-server)  |  192.168.22.1      |  10.66.0.1       |  192.168.22.1        the same addresses as at home
#               |  fd00:22::1        |  fd00:66::1      |  fd00:22::1
#               |  2001:db8:22::1    |  2001:db8:66::1  |  2001:db8:22::1
#              nas                                   impostor
#       192.168.22.2, fd00:22::2                192.168.22.2, fd00:22::2
#
# Strangers count before anything else.  They use nftables, because a booted guest must load x_tables' modules itself.
# Home's router counts what it sees of the web.

NAS4=192.168.22.2
NAS6=fd00:22::2
WEB4=198.51.100.80
WEB6=2001:db8:80::80
ABROAD4=203.0.113.200
HOME_MAC=02:22:00:00:00:01
NAS_MAC=02:22:00:00:00:02
CAFE_MAC=02:66:00:00:00:01
EVIL_MAC=02:99:00:00:00:01
# The source addresses by which the NAS and the web see the laptop: the proxy's server at home, the one abroad, and at
# home the laptop's own.
FROM_HOME='192\.168\.22\.1|fd00:22::1|2001:db8:22::1'
FROM_ABROAD='203\.0\.113\.200|2001:db8:ff::200'
FROM_LAPTOP4='192\.168\.22\.1[0-9][0-9]'
FROM_LAPTOP6='(fd00:22:|2001:db8:22:):[0-9a-f:]{5,}'
TARGETS=()
for target in $NAS4,445 $NAS6,445 $WEB4,80 $WEB6,80; do
  TARGETS+=(udp,$target tcp,$target)
done
unset target
# One turn of a load: in UDP and TCP and in both families, the NAS twice and the web once.
TURN=(
  udp,$NAS4,445 udp,$WEB4,80 udp,$NAS6,445 tcp,$NAS4,445 tcp,$WEB4,80 tcp,$NAS6,445
  udp,$NAS4,445 udp,$WEB6,80 udp,$NAS6,445 tcp,$NAS4,445 tcp,$WEB6,80 tcp,$NAS6,445
)

# world_up PROBE: everything except access points.  PROBE is the lab's probe.
world_up ()
{
  local host

  PROBE=$1
  for host in inet abroad home nas cafe evil impostor; do
    ip netns add $host || die "cannot make network namespaces here"
    on $host bash -c 'cd /proc/sys/net/ipv6/conf
      for name in accept_dad accept_ra; do echo 0 >default/$name; echo 0 >all/$name; done'
    ip -n $host link set lo up
  done
  world_switch inet net 02:ff:00:00:00:01
  ip -n inet addr add 203.0.113.1/24 dev net
  ip -n inet addr add $WEB4/32 dev lo
  ip -n inet addr add $WEB6/128 dev lo
  ip -n inet -6 addr add 2001:db8:ff::1/64 dev net
  world_cable abroad eth0 02:ff:00:00:02:00 inet net $ABROAD4/24 2001:db8:ff::200/64 203.0.113.1 2001:db8:ff::1
  world_router home 22 $HOME_MAC 192.168.22 22
  world_router cafe 66 $CAFE_MAC 10.66.0 66
  world_router evil 99 "${WORLD_EVIL_MAC-$EVIL_MAC}" 192.168.22 22
  world_cable nas eth0 $NAS_MAC home lan $NAS4/24 $NAS6/64 192.168.22.1 fd00:22::1
  world_cable impostor eth0 $NAS_MAC evil lan $NAS4/24 $NAS6/64 192.168.22.1 fd00:22::1
  for host in home abroad; do
    spawn ss-$host $host ss-server -s 0.0.0.0 -p 8388 -k lab-password -m aes-256-gcm -u
  done
  for host in nas impostor evil cafe; do
    spawn probe-$host $host "$PROBE" serve $host $WORLD/$host.seen 80 445
  done
  spawn probe-inet inet "$PROBE" serve inet $WORLD/inet.seen 80 445 53
  for host in home cafe evil impostor; do
    world_watch $host
  done
  for host in nas impostor evil cafe inet; do
    until_true 20 grep -qs ready $WORLD/probe-$host.log ||
      die "the probe at $host does not start: $(tail -n 3 $WORLD/probe-$host.log)"
  done
  for host in home abroad; do
    until_true 20 world_listens $host 8388 || die "ss-server at $host does not start: $(tail -n 3 $WORLD/ss-$host.log)"
  done
}

world_listens () { [[ -n $(on "$1" ss -Hlnt "sport = :$2") ]]; }

# world_switch HOST NAME MAC: a bridge that forwards at once.
world_switch ()
{
  ip link add "$2" netns "$1" address "$3" type bridge stp_state 0 forward_delay 0 mcast_snooping 0
  ip -n "$1" link set "$2" up
}

# world_cable HOST NAME MAC TO SWITCH ADDRESS4 ADDRESS6 GATEWAY4 GATEWAY6: from HOST's device NAME to TO's SWITCH.
world_cable ()
{
  ip link add "$2" netns "$1" address "$3" type veth peer name "to-$1" netns "$4"
  ip -n "$4" link set "to-$1" master "$5" up
  ip -n "$1" link set "$2" up
  ip -n "$1" addr add "$6" dev "$2"
  ip -n "$1" addr add "$7" dev "$2"
  ip -n "$1" route add default via "$8"
  ip -n "$1" -6 route add default via "$9"
}

# world_router NAME NUMBER MAC SUBNET4 SUBNET6
world_router ()
{
  local name=$1 number=$2 net4=$4 net6=$5

  world_cable "$name" wan "02:ff:00:00:00:$number" inet net "203.0.113.$number/24" "2001:db8:ff::$number/64" \
    203.0.113.1 2001:db8:ff::1
  world_switch "$name" lan "$3"
  ip -n "$name" addr add "$net4.1/24" dev lan
  ip -n "$name" addr add "fd00:$net6::1/64" dev lan
  ip -n "$name" addr add "2001:db8:$net6::1/64" dev lan
  on "$name" bash -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
  on "$name" nft -f - <<'END' || die "no nftables at the router"
table inet nat {
  chain out {
    type nat hook postrouting priority srcnat;
    oifname "wan" masquerade
  }
}
END
  spawn "dnsmasq-$name" "$name" dnsmasq --keep-in-foreground --log-facility=- --conf-file=/dev/null \
    --user=root --pid-file= --no-resolv --no-hosts --no-ping --interface=lan --bind-interfaces \
    --dhcp-leasefile="$WORLD/$name.leases" \
    --dhcp-authoritative --dhcp-range="$net4.100,$net4.200,255.255.255.0,10m" --dhcp-sequential-ip \
    --dhcp-option="option:dns-server,$WEB4" --dhcp-range=::,constructor:lan,ra-only --enable-ra --ra-param=lan,5,600
}

# world_watch HOST: counts what passes for the intranet and for the web, whether or not anybody there accepts it.  DHCP
# (a lease is renewed at the router's address) isn't counted.
world_watch ()
{
  on "$1" nft -f - <<END || die "no nftables at $1"
table inet watch {
  counter intranet { }
  counter web { }
  chain before {
    type filter hook prerouting priority -350;
    iifname "wan" return
    udp dport { 67, 547 } return
    meta l4proto { tcp, udp } ip daddr 192.168.22.0/24 counter name intranet
    meta l4proto { tcp, udp } ip6 daddr fd00:22::/64 counter name intranet
    meta l4proto { tcp, udp } ip daddr $WEB4 counter name web
    meta l4proto { tcp, udp } ip6 daddr $WEB6 counter name web
  }
}
END
}

# watched_both HOST: the numbers of packets for the intranet and for the web that passed.
watched_both ()
{
  on "$1" nft list counters table inet watch | awk '
    $1 == "counter" { name = $2 }
    $1 == "packets" { packets[name] = $2 }
    END { print packets["intranet"], packets["web"] }'
}

# watched HOST intranet|web
watched () { watched_both "$1" | cut -d ' ' -f "$([[ $2 == web ]] && echo 2 || echo 1)"; }

# seen HOST [REGEX]: the number of items that reached that host's probe.
seen () { local n; n=$(grep -cEs -- "${2:-^(tcp-accept|udp) }" "$WORLD/$1.seen"); echo "${n:-0}"; }

# who tcp|udp ADDRESS [PORT]: "WHO FROM", who answers and which source address he sees; or a word for what went wrong.
who ()
{
  local answer
  answer=$("$PROBE" ask "$1" "$2" "${3:-80}" 2>&1)
  set -- $answer
  if (($# == 3)); then echo "$1 $2"; else echo "$answer"; fi
}
