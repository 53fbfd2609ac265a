#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Coming home and losing the carrier, with gateway-mac: how soon the NAS is reached directly, and how soon the direct
# path is closed.  Times are measured outside of the helper.
source "$(dirname "$0")/bench.bash"
lab_enter "$@"
lab_up
lab_install
lab_configure "gateway-mac=$HOME_MAC"
nm-divert reload >/dev/null

T=$LAB_LOGS/times
mkdir "$T"
spawn monitor stdbuf -oL nmcli monitor
until_true 5 grep -q running "$LAB_LOGS/monitor.log" || lab_die "nmcli monitor says nothing"
becomes away
spawn events "$BENCH_PROGRAMS/events" /run/xtables.lock "$LAB_LOGS/dbus.log" "$LAB_LOGS/monitor.log"

# first_event SINCE TEXT: the time of the first event after SINCE that contains TEXT.
first_event ()
{
  awk -v since="$1" -v text="$2" '$1 >= since && index($0, text) { print $1; found = 1; exit } END { exit !found }' \
    "$LAB_LOGS/events.log"
}

# revoked SINCE: the microseconds from carrier loss to the last commit before the helper says that it has revoked the
# grant.  Prints nothing if one of the two was not seen, because the kernel may report a carrier late.
revoked ()
{
  awk -v since="$1" '
    $1 < since { next }
    /carrier off wlan0/ && !off { off = $1 }
    /lock closed/ { committed = $1 }
    /no carrier/ { if (off && committed >= off) print committed - off; exit }' "$LAB_LOGS/events.log"
}

# closed SINCE: the microseconds from carrier loss until the fence's last gate is gone, with the same exception.
closed ()
{
  awk -v since="$1" '
    $1 < since { next }
    /carrier off wlan0/ && !off { off = $1 }
    /fence closed/ { closed = $1 }
    /no carrier/ { if (off && closed >= off) print closed - off; exit }' "$LAB_LOGS/events.log"
}

# --- coming home --------------------------------------------------------------------
for ((i = 0; i < ROAMS; i++)); do
  roam cafe cafe
  becomes away
  start=$(now_us)
  : >"$LAB_LOGS/reach.log"
  spawn reach "$BENCH_PROGRAMS/load" reach "$NAS4" 80 "nas $LAPTOP_HOME4 " 15
  roam home home
  wait "${LAB_PIDS[reach]}" || note "return $i: the NAS is not reached straight"
  until_true 2 first_event "$start" "wlan0: connected" || note "return $i: never connected"
  read -r reached <"$LAB_LOGS/reach.log"
  echo $((reached - $(first_event "$start" "wlan0: connected"))) >>"$T/activated"
  echo $((reached - $(first_event "$start" "carrier on wlan0"))) >>"$T/carrier"
done

# --- losing the carrier ---------------------------------------------------------------
for ((i = 0; i < ROAMS; i++)); do
  becomes home || note "loss $i: not home: $(status reason)"
  start=$(now_us)
  unplug
  until_true 2 first_event "$start" "no carrier" || note "loss $i: not noticed"
  revoked "$start" >>"$T/revoked"
  closed "$start" >>"$T/closed"
  sed -nE 's/.*no carrier .* ([0-9]+) us\)$/\1/p' "$LAB_LOGS/dbus.log" | tail -n 1 >>"$T/revoking"
  plug home
done

ms () { calculate "$1 / 1000"; }

table "C. Coming home, $ROAMS times, and losing the carrier (gateway-mac)"
goal "NetworkManager's activation → the NAS straight, median" "$(ms "$(median <"$T/activated")")" "<" 300 ms
row "… the slowest" "$(ms "$(worst <"$T/activated")") ms"
row "carrier → the NAS straight (DHCP included), median" "$(ms "$(median <"$T/carrier")") ms"
goal "carrier lost → the fence closed, median" "$(ms "$(median <"$T/closed")")" "<" 0.3 ms
row "… the slowest" "$(ms "$(worst <"$T/closed")") ms"
goal "carrier lost → the last commit, median" "$(ms "$(median <"$T/revoked")")" "<" 5 ms
row "… the slowest" "$(ms "$(worst <"$T/revoked")") ms"
row "… of that by the helper's own clock, median" "$(ms "$(median <"$T/revoking")") ms"
row "… the slowest" "$(ms "$(worst <"$T/revoking")") ms"
bench_done
