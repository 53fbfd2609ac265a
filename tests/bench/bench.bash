# SPDX-License-Identifier: GPL-2.0-or-later
# Shared by the sections: the lab, tables, medians, and the contenders that nm-divert is compared with.

BENCH_DIR=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
ROAMS=${ROAMS:-100}

# shellcheck source=/dev/null
source "$BENCH_DIR/../lab/lab.bash"
# shellcheck source=/dev/null
source "$BENCH_DIR/../lab/rules/article.bash"

# --- tables ------------------------------------------------------------------------

table ()
{
  printf '\n%s\n' "$1"
  printf '  %-58s %14s %12s\n' "" measured goal
}

# row WHAT VALUE [GOAL [MET]]: MET is 1 or 0.
row ()
{
  local verdict=

  if [[ -n ${4-} ]]; then
    verdict=ok
    if (($4 == 0)); then
      verdict=MISSED
      : >"$BENCH_PROGRAMS/missed"
    fi
  fi
  # printf counts bytes, not characters.
  printf '  %s%*s %14s %12s %s\n' "$1" $((58 - ${#1})) "" "$2" "${3-}" "$verdict"
}

# goal WHAT VALUE OPERATOR BOUND [UNIT]: a row that must hold.  What was not measured doesn't.
goal ()
{
  local met=0

  [[ ! $2 =~ ^-?[0-9] ]] || met=$(awk "BEGIN { print ($2 $3 $4) }")
  row "$1" "$2${5:+ $5}" "$3 $4" "$met"
}

# Each section ends with this. For the lab's own book-keeping it is a test that has passed.
bench_done ()
{
  # shellcheck disable=SC2034
  TAP_DONE=1
  exit 0
}

# --- numbers ------------------------------------------------------------------------

# Functions of numbers, one per line.
median ()
{
  sort -g |
    awk '{ v[NR] = $1 } END { print NR == 0 ? "none" : NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

worst ()
{
  sort -g | tail -n 1
}

# calculate EXPRESSION [FORMAT]: "none" if a part of it is.
calculate ()
{
  [[ $1 != *none* ]] || { echo none; return; }
  awk "BEGIN { printf \"${2:-%.2f}\", $1 }"
}

# figure EXPRESSION: with three significant digits.
figure ()
{
  [[ $1 != *none* ]] || { echo none; return; }
  awk "BEGIN { x = $1; printf x < 10 ? \"%.2f\" : x < 100 ? \"%.1f\" : \"%.0f\", x }"
}

# took FILE COMMAND…: appends the microseconds that COMMAND takes to FILE.
took ()
{
  local file=$1 start
  shift

  start=$(now_us)
  "$@" >>"$LAB_LOGS/took.log" 2>&1
  echo $(($(now_us) - start)) >>"$file"
}

# --- contenders ----------------------------------------------------------------------

# script_by_uuid UUID: what NetworkManager's dispatcher would run.
script_by_uuid ()
{
  CONNECTION_UUID=$1 "$BENCH_DIR/script-by-uuid" wlan0 up
}

script_remove ()
{
  local command

  for command in iptables-legacy ip6tables-legacy; do
    "$command" -t mangle -F
    "$command" -t mangle -X
    "$command" -t nat -F OUTPUT
  done
  for command in -4 -6; do
    ip "$command" rule del fwmark 23/0xff lookup 2233
    ip "$command" route flush table 2233
  done
}

# switch MODE: as root, bypassing the command for people, and waits for the place.
switch_to ()
{
  call Switch "$1" 0 false >/dev/null || note "Switch $1 failed"
}

# The helper's output since line N of its log (the bus passes its stderr on).
helper_log ()
{
  tail -n "+$(($1 + 1))" "$LAB_LOGS/dbus.log"
}

helper_log_length ()
{
  wc -l <"$LAB_LOGS/dbus.log"
}
