#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Installing the rules: how long each contender takes, what a Refresh without a change does, the hook, and the helper's
# memory.  It runs at home.
source "$(dirname "$0")/bench.bash"
source "$(dirname "$0")/contenders.bash"

ROUNDS=${ROUNDS:-10}
CHANGES=10  # of place, per turn
HOOKS=10    # runs of the hook, per turn

# --- in a contender's lab -------------------------------------------------------------------

ready ()
{
  roam home home
  [[ -z $CONTENDER_BUILD ]] || becomes home || lab_die "not at home: $(status reason)"
}

# The rules without nm-divert, by hand and by a script.
by_hand ()
{
  took "$T/article" article_lay
  article_remove
  took "$T/script-lay" script_by_uuid "$CAFE_UUID"
  took "$T/script" script_by_uuid "$HOME_UUID"
  took "$T/script" script_by_uuid "$CAFE_UUID"
  script_remove
}

# There and back again: how long the caller waited, how long the helper says each change took, and its processor time.
changes ()
{
  local seen cpu

  seen=$(helper_log_length)
  cpu=$(helper_cpu)
  "$BENCH_PROGRAMS/switch" $((CHANGES / 2)) | into call
  until_true 5 eval "(($(helper_log "$seen" | grep -c 'switch: place') >= $CHANGES))" || return 1
  # Work that a change leaves to other threads (ending flows, writing files) counts as well.
  pause 0.1
  echo $((($(helper_cpu) - cpu) / CHANGES / 1000)) | into cpu
  helper_log "$seen" |
    sed -nE 's/.*switch: place (home|away):.*\(mode [^,]*, [0-9]+ writes, ([0-9]+) us\).*/\2/p' | into change
}

# The helper's processor time in nanoseconds, including threads that have ended.  Linux has a clock for each process.
helper_cpu ()
{
  python3 -c 'import sys, time; print(time.clock_gettime_ns((~int(sys.argv[1]) << 3) | 2))' "$(helper_pid)"
}

# Milliseconds from the helper's first instruction until it reports that it is ready, with all rules in place, on a
# machine that has none yet: its share of a boot when the kernel has its modules.  Only the last one goes on, by D-Bus.
start_ups ()
{
  local n

  for ((n = 0; n < 5; n++)); do
    kill "$(helper_pid)"
    until_true 10 eval '! helper_pid >/dev/null'
    "$LAB_HELPER" --remove >/dev/null
    python3 "$BENCH_DIR/start-up.py" "$LAB_HELPER" | into start-up
  done
  kill "$(helper_pid)"
  # Until then a question still goes to the one that ends.
  until_true 10 bus_forgets || return 1
  nm-divert status >/dev/null
}

bus_forgets ()
{
  gdbus call --system -d org.freedesktop.DBus -o /org/freedesktop/DBus -m org.freedesktop.DBus.NameHasOwner \
    org.nmdivert.Helper1 | grep -q false
}

bare () { "$BENCH_PROGRAMS/bare-iptc" 40 | cut -d' ' -f2 >>"$T/bare"; }

hook ()
{
  "$BENCH_PROGRAMS/timing" $HOOKS /usr/lib/NetworkManager/dispatcher.d/10-nm-divert wlan0 up | cut -d' ' -f2 | into hook
}

nothing () { "$BENCH_PROGRAMS/timing" $HOOKS /bin/true | cut -d' ' -f2 >>"$T/nothing"; }

memory ()
{
  local rollup=/proc/$(helper_pid)/smaps_rollup

  awk '/^Pss:/ { print $2 }' "$rollup" | into pss
  awk '/^Private_/ { sum += $2 } END { print sum }' "$rollup" | into private
  awk '/^Rss:/ { print $2 }' "$rollup" | into rss
}

# 10,000 rules of another program's, each of them a match and a verdict.
foreign_nft ()
{
  { echo "table inet foreign { chain output { type filter hook output priority 0;"
    seq -f 'udp dport 7 ip daddr 198.51.100.1 meta mark %.0f accept' 10000
    echo "}; }"; } | nft -f -
}
foreign_legacy ()
{
  { echo "*filter"
    seq -f '-A OUTPUT -p udp --dport 7 -d 198.51.100.1 -m mark --mark %.0f -j ACCEPT' 10000
    echo COMMIT; } | iptables-legacy-restore --noflush
}

# The slowest of five is the one that reads the kernel's rules.  After that it rests for 19 times as long.
doctor () { "$BENCH_PROGRAMS/timing" 5 "$(type -P nm-divert)" doctor --json | tail -n 1 | cut -d' ' -f3 | into "$1"; }
doctors ()
{
  doctor doctor-alone
  foreign_nft
  doctor doctor-nft
  nft delete table inet foreign
  pause 5
  foreign_legacy
  doctor doctor-legacy
  iptables-legacy -F OUTPUT
}

refreshes () { writes refresh manual | into writes; }

[[ -z ${CONTENDER-} ]] || contender_serve

# --- the referee ----------------------------------------------------------------------------

contenders_start hand "${DIVERTS[@]}"
for ((round = 0; round < ROUNDS; round++)); do
  ((round % 2)) || ask hand by_hand
  turns $round changes "${DIVERTS[@]}"
  turns $round hook "${DIVERTS[@]}"
  ask legacy bare
  ask hand nothing
done
turns 0 memory "${DIVERTS[@]}"
turns 0 refreshes "${DIVERTS[@]}"
ask now doctors
turns 0 start_ups now legacy

table "A. Laying the rules (medians)"
article=$(median <"$T/article")
bare=$(median <"$T/bare")
change=$(median_of change now)
row "the article's rules, by iptables-legacy, IPv4 only" "$(calculate "$article / 1000" %.1f) ms"
row "script by UUID: everything, both families" "$(calculate "$(median <"$T/script-lay") / 1000" %.1f) ms"
row "script by UUID: a change of place" "$(calculate "$(median <"$T/script") / 1000" %.1f) ms"
row "bare libiptc: read and commit the four tables" "$bare us"
compare change "nm-divert: a change of place, event to last commit" 1 us
row "… the slowest of $(wc -l <"$T/change-now")" "$(worst <"$T/change-now") us"
goal "… nm-divert / the article's rules" "$(calculate "$change / $article" %.4f)" "<=" 0.05
goal "… nm-divert with iptables / bare libiptc" "$(calculate "$(median_of change legacy) / $bare")" "<=" 5
compare call "a person's switch, call to answer" 1 us
compare cpu "the helper's processor time a change, all threads" 1 us
goal "a Refresh without a change: writes to the kernel" "$(cat "$T/writes-now")" "==" 0
for name in now legacy; do
  goal "the helper's start on a machine without rules, until READY ($name)" "$(median_of start-up $name)" "<=" 100 ms
done
compare hook "the hook, start to exit" 1000 ms
goal "… at most" "$(calculate "$(median_of hook now) / 1000")" "<=" 10 ms
row "nm-divert doctor, start to exit, nobody else's rules" "$(calculate "$(median_of doctor-alone now) / 1000") ms"
for world in nft legacy; do
  goal "… with 10,000 of another program's rules ($world)" \
    "$(calculate "$(median_of "doctor-$world" now) / 1000")" "<=" 200 ms
done
row "… /bin/true, start to exit, on this machine" "$(calculate "$(median <"$T/nothing") / 1000") ms"
compare pss "the helper's PSS" 1024 MB
goal "… at most" "$(calculate "$(median_of pss now) / 1024")" "<" 6 MB
compare private "the helper's private memory" 1024 MB
compare rss "the helper's RSS" 1024 MB
