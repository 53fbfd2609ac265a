#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The data path: what the rules cost a direct packet and a diverted one.  The contenders take turns, and each goal is
# about the median of the ratios of neighbouring turns.  "No rules" is another host on the same network that has never
# had a table.  "Connection tracking" is a host whose only rule redirects DNS, and no packet of this benchmark matches
# that rule.  This is the minimum cost of any rules that redirect DNS, because the kernel then tracks connections.
source "$(dirname "$0")/bench.bash"
lab_enter "$@"
lab_up

ROUNDS=${ROUNDS:-15}
DATAGRAMS=100000
STREAM_MS=300
PORT=9001
T=$LAB_LOGS/path
mkdir "$T"

# wired NAME ADDRESS: one more host in the laptop's network.
wired ()
{
  ip netns add "$1"
  ip link add eth0 netns "$1" type veth peer name "$1" netns air
  ip -n air link set "$1" master air up
  ip -n "$1" link set eth0 up
  ip -n "$1" address add "$2" dev eth0
}

wired bare 192.168.22.44/24
wired tracking 192.168.22.45/24
on tracking iptables-legacy -t nat -A OUTPUT -p udp --dport 53 -j REDIRECT --to-ports 1053
spawn path-sink on nas "$BENCH_PROGRAMS/load" sink $PORT

udp () { on "$1" "$BENCH_PROGRAMS/load" udp "$NAS4" $PORT $DATAGRAMS; }
tcp () { on "$1" "$BENCH_PROGRAMS/load" tcp "$2" $PORT $STREAM_MS; }

# turn FILE COMMAND…: runs a measurement and adds a line to FILE.
turn ()
{
  local file=$T/$1
  shift

  "$@" >>"$file" || note "failed: $*"
}

# turns ROUND FILE…: runs one turn of each, named by its file.  Every second round goes backwards, because a turn also
# depends on what ran before it.
turns ()
{
  local round=$1 order=("${@:2}") i

  for ((i = 0; i < ${#order[@]}; i++)); do
    case ${order[round % 2 ? ${#order[@]} - 1 - i : i]} in
      udp-bare) turn udp-bare udp bare ;;
      udp-tracking) turn udp-tracking udp tracking ;;
      udp-divert) turn udp-divert udp laptop ;;
      tcp-bare) turn tcp-bare tcp bare "$NAS4" ;;
      tcp-divert) turn tcp-divert tcp laptop "$NAS4" ;;
      udp-one) one && turn udp-one udp laptop ;;
      udp-many) many && turn udp-many udp laptop ;;
      tcp-article) article_begin && turn tcp-article tcp laptop "$WEB4" ;;
      tcp-diverted) article_end && turn tcp-diverted tcp laptop "$WEB4" ;;
    esac
  done
}

# The median of A's lines divided by B's.
ratio ()
{
  paste "$T/$1" "$T/$2" | awk '{ print $1 / $2 }' | median
}

# --- straight, at home ------------------------------------------------------------------
lab_install
roam home home
becomes home || lab_die "not home: $(status reason)"
udp bare >/dev/null
udp laptop >/dev/null
for ((round = 0; round < ROUNDS; round++)); do
  turns $round udp-bare udp-tracking udp-divert
  turns $round tcp-bare tcp-divert
done

# --- one prefix, a thousand ----------------------------------------------------------------
# 50 sites with 20 prefixes each that can't be merged.
sites ()
{
  local site prefix

  for ((site = 0; site < 50; site++)); do
    printf '[site s%d]\nconnection-uuid=00000000-0000-4000-8000-%012d\nintranet=' $site $site
    for ((prefix = 0; prefix < 40; prefix += 2)); do
      printf '10.%d.%d.0/24;' $site $prefix
    done
    echo
  done
}

one ()
{
  rm -f /etc/nm-divert/conf.d/many.conf
  nm-divert reload >/dev/null
}

many ()
{
  sites >/etc/nm-divert/conf.d/many.conf
  nm-divert reload >/dev/null
}

mkdir -p /etc/nm-divert/conf.d
many
n_rules=$(iptables-legacy-save -t mangle | grep -c -- "-d 10\..*/24")
for ((round = 0; round < ROUNDS; round++)); do
  turns $round udp-one udp-many
done
one

# --- diverted -------------------------------------------------------------------------------
# If a turn begins with the contender that the last turn ended with, it is left in place.
article_begin ()
{
  [[ $(status place) != off ]] || return 0
  switch_to off
  becomes off
  article_lay
}

article_end ()
{
  [[ $(status place) != off ]] || article_remove
  switch_to away
  becomes away
}

# A proxy that only swallows.  A real one costs so much that the cost of the rules would be invisible.
reap v2ray
spawn proxy-sink as_proxy "$BENCH_PROGRAMS/load" sink $LAB_TPROXY_PORT transparent
until_true 5 listens laptop tcp $LAB_TPROXY_PORT || lab_die "no proxy"
for ((round = 0; round < ROUNDS; round++)); do
  turns $round tcp-article tcp-diverted
done

table "D. The data path, per second of the sender's processor time, $ROUNDS turns each (medians)"
row "straight UDP, no rules, datagrams per second" "$(median <"$T/udp-bare")"
row "straight UDP, nm-divert at home" "$(median <"$T/udp-divert")"
goal "… nm-divert / no rules" "$(calculate "$(ratio udp-divert udp-bare)" %.3f)" ">=" 0.97
row "… connection tracking / no rules" "$(calculate "$(ratio udp-tracking udp-bare)" %.3f)"
row "… nm-divert / connection tracking" "$(calculate "$(ratio udp-divert udp-tracking)" %.3f)"
row "straight TCP, no rules" "$(median <"$T/tcp-bare") MB/s"
row "straight TCP, nm-divert at home" "$(median <"$T/tcp-divert") MB/s"
goal "… nm-divert / no rules" "$(calculate "$(ratio tcp-divert tcp-bare)" %.3f)" ">=" 0.97
row "diverted TCP, the article's rules" "$(median <"$T/tcp-article") MB/s"
row "diverted TCP, nm-divert" "$(median <"$T/tcp-diverted") MB/s"
goal "… nm-divert / the article's" "$(calculate "$(ratio tcp-diverted tcp-article)" %.3f)" ">=" 1.0
goal "time per straight datagram, 1001 prefixes / 1 ($n_rules rules)" "$(calculate "$(ratio udp-one udp-many)" %.3f)" \
  "<=" 1.1
bench_done
