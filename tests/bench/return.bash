#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Coming home and losing the carrier, with gateway-mac: how soon the NAS is reached directly, and how soon the direct
# path is closed: on a quiet machine, on a busy one, while another program holds the tables' lock, and while the
# helper's main thread stands still.  Times are measured outside of the helper.
source "$(dirname "$0")/bench.bash"
source "$(dirname "$0")/contenders.bash"

# --- in a contender's lab -------------------------------------------------------------------

ready ()
{
  lab_configure "gateway-mac=$HOME_MAC"
  nm-divert reload >/dev/null
  spawn monitor stdbuf -oL nmcli monitor
  until_true 5 grep -q running "$LAB_LOGS/monitor.log" || lab_die "nmcli monitor says nothing"
  becomes away
  spawn events "$BENCH_PROGRAMS/events" /run/xtables.lock "$LAB_LOGS/dbus.log" "$LAB_LOGS/monitor.log"
  come_home || lab_die "not home: $(status reason)"
}

# first_event SINCE TEXT: the time of the first event after SINCE that contains TEXT.
first_event ()
{
  awk -v since="$1" -v text="$2" '$1 >= since && index($0, text) { print $1; found = 1; exit } END { exit !found }' \
    "$LAB_LOGS/events.log"
}

# lasted SINCE TEXT: the microseconds from carrier loss to the last event that contains TEXT.  Prints nothing if one of
# the two was not seen, because the kernel may report a carrier late.
lasted ()
{
  awk -v since="$1" -v text="$2" '
    $1 < since { next }
    /carrier off wlan0/ && !off { off = $1 }
    /wlan0: (connecting|connected)|carrier on wlan0/ { exit }
    index($0, text) { last = $1 }
    END { if (off && last >= off) print last - off }' "$LAB_LOGS/events.log"
}

come_home ()
{
  local start reached

  roam cafe cafe
  becomes away
  start=$(now_us)
  : >"$LAB_LOGS/reach.log"
  spawn reach "$BENCH_PROGRAMS/load" reach "$NAS4" 80 "nas $LAPTOP_HOME4 " 15
  roam home home
  wait "${LAB_PIDS[reach]}" || return 1
  until_true 2 first_event "$start" "wlan0: connected" || return 1
  read -r reached <"$LAB_LOGS/reach.log"
  echo $((reached - $(first_event "$start" "wlan0: connected"))) | into activated
  echo $((reached - $(first_event "$start" "carrier on wlan0"))) | into carrier
}

# lose WHAT: loses the carrier, and goes home again.  Results go to closedWHAT and revokedWHAT.  nm-divert 0.1.0 has no
# fence, and while the lock is held no table is written.
lose ()
{
  local start

  becomes home 10 || return 1
  [[ $1 != *halted ]] || halt || return 1
  start=$(now_us)
  unplug
  until_true 2 first_event "$start" "carrier off wlan0" || return 1
  [[ $CONTENDER == before ]] || until_true 2 first_event "$start" "fence closed" || return 1
  [[ $1 == *locked || $1 == *halted ]] || until_true 2 first_event "$start" "no carrier" || return 1
  pause 0.1
  [[ $CONTENDER == before ]] || lasted "$start" "fence closed" | into "closed$1"
  [[ $1 == *locked || $1 == *halted ]] || lasted "$start" "tables written" | into "revoked$1"
  reap halt
  plug home
}

halt ()
{
  : >"$LAB_LOGS/halt.log"
  spawn halt "$NM_DIVERT_BUILDDIR/tests/lab/halt" "$(helper_pid)"
  until_true 5 grep -q halted "$LAB_LOGS/halt.log"
}

# The same while another program holds the tables' lock.
lose_locked ()
{
  local status=0

  spawn lock flock --no-fork /run/xtables.lock sleep 60
  until_true 2 eval '! flock -n /run/xtables.lock true'
  lose "$1" || status=1
  reap lock
  return $status
}

[[ -z ${CONTENDER-} ]] || contender_serve

# --- the referee ----------------------------------------------------------------------------

contenders_start "${DIVERTS[@]}"

# Starts twice as many busy loops as there are processors, at ordinary priority.
burn ()
{
  local i

  burners=()
  for ((i = 0; i < 2 * $(nproc); i++)); do
    while :; do :; done &
    burners+=($!)
  done
}

fenced=()
for name in "${DIVERTS[@]}"; do
  [[ $name == before ]] || fenced+=("$name")
done

for ((i = 0; i < ROAMS; i++)); do
  turns $i come_home "${DIVERTS[@]}"
  turns $i "lose -" "${DIVERTS[@]}"
  turns $i "lose_locked -locked" "${fenced[@]}"
  turns $i "lose -halted" "${fenced[@]}"
done
burn
for ((i = 0; i < ROAMS; i++)); do
  turns $i "lose -busy" "${DIVERTS[@]}"
  turns $i "lose_locked -busy-locked" "${fenced[@]}"
  turns $i "lose -busy-halted" "${fenced[@]}"
done
kill "${burners[@]}"

table "C. Coming home, $ROAMS times, and losing the carrier (gateway-mac; medians)"
# No ratios: it is around zero, because the NAS is often reached before NetworkManager says that it is connected.
goal "NetworkManager's activation → the NAS directly" "$(calculate "$(median_of activated now) / 1000")" "<" 300 ms
[[ -z ${BEFORE-} ]] || row "… before" "$(calculate "$(median_of activated before) / 1000") ms"
row "… A/A: the same again" "$(calculate "$(median_of activated again) / 1000") ms"
row "… the slowest" "$(calculate "$(worst <"$T/activated-now") / 1000") ms"
compare carrier "carrier → the NAS directly (DHCP included)" 1000 ms
for load in - -locked -halted -busy -busy-locked -busy-halted; do
  declare -A labels=([-]="" [-locked]=", the tables' lock held" [-halted]=", the main thread halted"
    [-busy]=", busy" [-busy-locked]=", busy and locked" [-busy-halted]=", busy and halted")
  goal "carrier lost → the fence closed${labels[$load]}" "$(calculate "$(median_of "closed$load" now) / 1000" %.3f)" \
    "<" 0.3 ms
  row "… the slowest of $(wc -l <"$T/closed$load-now")" "$(calculate "$(worst <"$T/closed$load-now") / 1000") ms"
  row "… A/A: now / the same again" "$(calculate "$(ratio "closed$load" now again)" %.3f)"
done
compare revoked- "carrier lost → the last commit" 1000 ms
goal "… at most" "$(calculate "$(median_of revoked- now) / 1000")" "<" 5 ms
row "… the slowest" "$(calculate "$(worst <"$T/revoked--now") / 1000") ms"
compare revoked-busy "carrier lost → the last commit, busy" 1000 ms
