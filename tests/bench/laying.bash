#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Installing the rules: how long each contender takes, what a Refresh without a change does, the hook, and the helper's
# memory.  It runs at home.  The contenders take turns.
source "$(dirname "$0")/bench.bash"
lab_enter "$@"
lab_up
lab_install

ROUNDS=5
CHANGES=10  # of place, per round
T=$LAB_LOGS/times
mkdir "$T"

# changes N: there and back again, and how long the helper says each change took.
changes ()
{
  local i seen

  seen=$(helper_log_length)
  for ((i = 0; i < $1; i += 2)); do
    switch_to away
    switch_to auto
  done
  until_true 5 eval "(($(helper_log_length) - seen >= $1))" || true
  helper_log "$seen" |
    sed -nE 's/.*switch: place (home|away):.*\(mode [^,]*, ([0-9]+) writes, ([0-9]+) us\).*/\2 \3/p' >>"$T/changes"
}

roam home home
becomes home || lab_die "not at home: $(status reason)"
for ((round = 0; round < ROUNDS; round++)); do
  switch_to off
  becomes off || lab_die "the rules are not removed"
  took "$T/article" article_lay
  article_remove
  took "$T/script-lay" script_by_uuid "$CAFE_UUID"
  took "$T/script" script_by_uuid "$HOME_UUID"
  took "$T/script" script_by_uuid "$CAFE_UUID"
  script_remove
  switch_to auto
  becomes home || lab_die "not at home: $(status reason)"
  changes $CHANGES
  "$BENCH_PROGRAMS/bare-iptc" 40 | cut -d' ' -f2 >>"$T/bare"
done

article=$(median <"$T/article")
divert=$(cut -d' ' -f2 "$T/changes" | median)
bare=$(median <"$T/bare")
hook=$("$BENCH_PROGRAMS/timing" 100 /usr/lib/NetworkManager/dispatcher.d/10-nm-divert wlan0 up | cut -d' ' -f2)
nothing=$("$BENCH_PROGRAMS/timing" 100 /bin/true | cut -d' ' -f2)
rollup=/proc/$(helper_pid)/smaps_rollup

table "A. Laying the rules (medians)"
row "the article's rules, by iptables-legacy, IPv4 only" "$(calculate "$article / 1000" %.1f) ms"
row "script by UUID: everything, both families" "$(calculate "$(median <"$T/script-lay") / 1000" %.1f) ms"
row "script by UUID: a change of place" "$(calculate "$(median <"$T/script") / 1000" %.1f) ms"
row "bare libiptc: read and commit the four tables" "$bare us"
row "nm-divert: a change of place, event to last commit" "$divert us"
row "… the slowest of $(wc -l <"$T/changes")" "$(cut -d' ' -f2 "$T/changes" | worst) us"
goal "nm-divert / the article's rules" "$(calculate "$divert / $article" %.4f)" "<=" 0.05
goal "nm-divert / bare libiptc" "$(calculate "$divert / $bare")" "<=" 5
goal "a Refresh without a change: writes to the kernel" "$(writes refresh manual)" "==" 0
goal "the hook, start to exit (100 times)" "$(calculate "$hook / 1000")" "<=" 10 ms
row "… /bin/true, start to exit, on this machine" "$(calculate "$nothing / 1000") ms"
goal "the helper's PSS" "$(awk '/^Pss:/ { printf "%.1f", $2 / 1024 }' "$rollup")" "<" 6 MB
row "the helper's RSS" "$(awk '/^Rss:/ { printf "%.1f", $2 / 1024 }' "$rollup") MB"
bench_done
