#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The data path: what the rules cost a packet of each kind, in nanoseconds of the sender's processor time.
#
# Only the way out is measured: a filter at the device drops the packets.  On a veth, the sender's time would include
# the receiver's work, which is three times as much.  Diverted packets are measured up to the proxy's socket, because
# both directions on the loopback device have rules for them.  The proxy only swallows.  A real one costs so much that
# the cost of the rules would be invisible.  Figures for TCP data say little, because equal contenders differ by 5 % and
# more.
#
# "No rules" is another host on the same network that has never had a table.  "Connection tracking" is a host whose only
# rule redirects DNS, and no packet of this benchmark matches that rule.  This is the minimum cost of any rules that
# redirect DNS, because the kernel then tracks connections.  A site where the internet goes direct is compared with such
# a host, and that with a second one.  The router has an address outside of the intranet, which is the internet here.
source "$(dirname "$0")/bench.bash"
source "$(dirname "$0")/contenders.bash"

ROUNDS=${ROUNDS:-15}
DATAGRAMS=100000
CONNECTS=2000
PORT=9001
ELSEWHERE=10.99.0.1 # in a prefix that is bypassed
ROUTER=203.0.113.22
MEBIBYTES=200

# --- in a contender's lab -------------------------------------------------------------------

ready ()
{
  case $CONTENDER in
    hand) wired bare 192.168.22.44/24; wired tracking 192.168.22.45/24; wired tracking-again 192.168.22.46/24 ;;
    many*) many_sites ;;
    internet*) lab_configure internet=direct ;;
  esac
  roam home home
  if [[ -n $CONTENDER_BUILD ]]; then
    nm-divert reload >/dev/null
    becomes home || lab_die "not home: $(status reason)"
  elif [[ $CONTENDER == script ]]; then
    script_by_uuid "$HOME_UUID"
  else
    article_lay
    track tracking
    track tracking-again
  fi
  spawn router-sink on home "$BENCH_PROGRAMS/load" sink $PORT
  until_true 5 listens home tcp $PORT || lab_die "the router has no sink"
  ends_at laptop wlan0
  reap v2ray
  spawn proxy-sink as_proxy "$BENCH_PROGRAMS/load" sink $LAB_TPROXY_PORT transparent
  spawn dns-sink as_proxy "$BENCH_PROGRAMS/load" sink $LAB_DNS_PORT
  until_true 5 listens laptop tcp $LAB_TPROXY_PORT || lab_die "no proxy"
  until_true 5 listens laptop tcp $LAB_DNS_PORT || lab_die "no resolver"
}

# wired NAME ADDRESS: one more host in the laptop's network.
wired ()
{
  ip netns add "$1"
  ip link add eth0 netns "$1" type veth peer name "$1" netns air
  ip -n air link set "$1" master air up
  ip -n "$1" link set eth0 up
  ip -n "$1" address add "$2" dev eth0
  ip -n "$1" route add default via "$HOME4"
  ends_at "$1" eth0
}

track () { on "$1" iptables-legacy -t nat -A OUTPUT -p udp --dport 53 -j REDIRECT --to-ports 1053; }

# ends_at HOST DEVICE: drops what leaves for UDP port $PORT over IPv4, with a classic packet filter.  Its value is 2 for
# "drop" and -1 for "go on".
ends_at ()
{
  local code="8,40 0 0 12,21 0 4 2048,48 0 0 23,21 0 2 17,40 0 0 36,21 1 0 $PORT,6 0 0 4294967295,6 0 0 2"

  on "$1" tc qdisc add dev "$2" clsact
  on "$1" tc filter add dev "$2" egress bpf direct-action bytecode "$code"
}

# 50 sites with 20 prefixes each that can't be merged.
many_sites ()
{
  local site prefix

  mkdir -p /etc/nm-divert/conf.d
  for ((site = 0; site < 50; site++)); do
    printf '[site s%d]\nconnection-uuid=00000000-0000-4000-8000-%012d\nintranet=' $site $site
    for ((prefix = 0; prefix < 40; prefix += 2)); do
      printf '10.%d.%d.0/24;' $site $prefix
    done
    echo
  done >/etc/nm-divert/conf.d/many.conf
}

udp () { "$BENCH_PROGRAMS/load" udp "$@" $DATAGRAMS; }

straight () { udp "$NAS4" $PORT | into straight; }
bypassed () { udp $ELSEWHERE $PORT | into bypassed; }
diverted () { udp "$WEB4" $PORT | into diverted; }
dns () { udp "$WEB4" 53 | into dns; }
connect () { "$BENCH_PROGRAMS/load" connect "$WEB4" $PORT $CONNECTS | into connect; }
proxys () { as_proxy "$BENCH_PROGRAMS/load" udp "$WEB4" $PORT $DATAGRAMS | into proxys; }

# without HOST: the direct path on a host without nm-divert.
without () { on "$1" "$BENCH_PROGRAMS/load" udp "$NAS4" $PORT $DATAGRAMS >>"$T/straight-$1"; }

internet_udp () { "${@:2}" "$BENCH_PROGRAMS/load" udp $ROUTER $PORT $DATAGRAMS >>"$T/internet-udp-$1"; }
internet_connect () { "${@:2}" "$BENCH_PROGRAMS/load" connect $ROUTER $PORT $CONNECTS >>"$T/internet-connect-$1"; }
internet_bulk () { "${@:2}" "$BENCH_PROGRAMS/load" bulk $ROUTER $PORT $MEBIBYTES >>"$T/internet-bulk-$1"; }

# internet KIND: to the internet, in the lab of "hand" from its two hosts, otherwise from the laptop.
internet ()
{
  local host

  if [[ $CONTENDER != hand ]]; then
    "internet_$1" "$CONTENDER"
    return
  fi
  for host in tracking tracking-again; do
    "internet_$1" $host on $host
  done
}

[[ -z ${CONTENDER-} ]] || contender_serve

# --- the referee ----------------------------------------------------------------------------

KINDS=(straight bypassed proxys diverted dns connect)

ALL=(hand script many many-legacy "${DIVERTS[@]}")
INTERNET=(hand internet internet-legacy)
contenders_start "${ALL[@]}" internet internet-legacy
for name in "${ALL[@]}"; do
  ask "$name" "CONTENDER=warm straight"
done
for ((round = 0; round < ROUNDS; round++)); do
  ask hand "without bare"
  ask hand "without tracking"
  for kind in "${KINDS[@]}"; do
    turns $round $kind "${ALL[@]}"
  done
  for kind in udp connect bulk; do
    turns $round "internet $kind" "${INTERNET[@]}"
  done
done

declare -A LABELS=(
  [straight]="to the intranet, direct"
  [bypassed]="to a private network, bypassed"
  [proxys]="the proxy's own, to the web"
  [diverted]="to the web, diverted"
  [dns]="DNS, redirected"
  [connect]="to the web, diverted: a TCP connection"
)
declare -A NAMES=([hand]=article [now]=nftables [again]="A/A" [legacy]=iptables
  [many]=nftables [many-legacy]=iptables)
COLUMNS=(hand script ${BEFORE:+before} legacy now again)
packets=(straight bypassed proxys diverted dns)
table "D. The data path: the sender's processor time a datagram, $ROUNDS turns each (medians)"
row "direct, no rules" "$(median_of straight bare) ns"
row "direct, connection tracking only" "$(median_of straight tracking) ns"

cell () { printf %.0f "$(median_of "$1" "$2")"; }
echo
echo "  Nanoseconds"
matrix "${KINDS[@]}"

# A/A is the second one with nftables to the first.
cell ()
{
  if [[ $2 == again ]]; then
    calculate "$(ratio "$1" now again)" %.3f
  else
    relative "$1" "$2"
  fi
}

# relative KIND CONTENDER: the bare host is 1.
relative ()
{
  paste "$T/straight-bare" "$T/$1-$2" | awk '{ print $1 / $2 }' | median | xargs printf '%.3f\n'
}

echo
echo "  A host without rules is 1; less is slower"
matrix "${packets[@]}"

cell () { calculate "$(ratio "$1" "$2" "${2/many/now}")" %.3f; }
for kind in "${KINDS[@]}"; do
  cp "$T/$kind-legacy" "$T/$kind-now-legacy"
done
COLUMNS=(many-legacy many)
echo
echo "  1001 prefixes / 1"
matrix "${KINDS[@]}"

cell () { calculate "$(ratio "$1" tracking "$2")" %.3f; }
LABELS+=([internet-udp]="a datagram" [internet-connect]="a TCP connection" [internet-bulk]="TCP data")
NAMES+=([internet]=nftables [internet-legacy]=iptables [tracking-again]="A/A")
COLUMNS=(internet-legacy internet tracking-again)
echo
echo "  internet=direct: a host with connection tracking is 1; less is slower"
matrix internet-udp internet-connect internet-bulk

echo
for kind in "${packets[@]}"; do
  goal "nftables below iptables: ${LABELS[$kind]}" \
    "$(calculate "$(relative $kind legacy) - $(relative $kind now)" %.3f)" "<=" 0.03
done
for kind in "${KINDS[@]}"; do
  [[ -z ${BEFORE-} ]] || goal "now / before: ${LABELS[$kind]}" "$(calculate "$(ratio $kind now before)" %.3f)" "<=" 1.05
done
for kind in udp connect bulk; do
  goal "internet=direct: ${LABELS[internet-$kind]}" "$(calculate "$(ratio "internet-$kind" tracking internet)" %.3f)" \
    ">=" 0.97
done
goal "iptables, direct" "$(relative straight legacy)" ">=" 0.76
goal "iptables, bypassed" "$(relative bypassed legacy)" ">=" 0.68
goal "iptables, diverted" "$(relative diverted legacy)" ">=" 0.52
