# SPDX-License-Identifier: GPL-2.0-or-later
# Contenders side by side.  Each has a complete lab of its own for as long as its section runs, so turns can alternate
# within milliseconds, and nothing has to be removed between them.
#
# A section's file runs in two roles.  It starts as the referee, who decides whose turn it is.  For each contender,
# contenders_start runs the same file again, where contender_serve brings the lab up, calls the file's "ready", and then
# runs the commands that the referee sends:
#
#   contenders_start before now
#   ask now measure 10            runs "measure 10" in that contender's lab
#
# Results go to files named $T/WHAT-CONTENDER, with one line per measurement.

declare -gA CONTENDER_IN=() CONTENDER_OUT=() CONTENDER_PIDS=()

# --- the referee ----------------------------------------------------------------

# nm-divert as it was ($BEFORE, a build directory), as it is, the latter once more as the control, and with the legacy
# tables.  A difference between two labs with the same build is the measurement's error.
DIVERTS=(${BEFORE:+before} now again legacy)

build_of ()
{
  case $1 in
    before) echo "$BEFORE" ;;
    now | again | legacy | many* | internet*) echo "$NM_DIVERT_BUILDDIR" ;;
  esac
}

# contenders_start NAME…
contenders_start ()
{
  local name

  T=$(mktemp -d "$BENCH_PROGRAMS/times.XXXXXX")
  export T
  trap contenders_end EXIT
  for name; do
    contender_start "$name" "$(build_of "$name")"
  done
  for name; do
    contender_answers "$name"
  done
}

contender_start ()
{
  local in out

  mkfifo "$T/$1.in" "$T/$1.out"
  CONTENDER=$1 CONTENDER_BUILD=$2 bash "$0" <"$T/$1.in" >"$T/$1.out" 2>"$T/$1.err" &
  CONTENDER_PIDS[$1]=$!
  exec {in}>"$T/$1.in" {out}<"$T/$1.out"
  CONTENDER_IN[$1]=$in CONTENDER_OUT[$1]=$out
}

# contender_answers NAME: waits until its command is done.  If one fails, the other contenders' turns mean nothing.
contender_answers ()
{
  local answer

  read -rt 300 -u "${CONTENDER_OUT[$1]}" answer && [[ $answer == done ]] && return
  echo "$1: ${answer:-no answer}; see $T/$1.err" >&2
  exit 1
}

# ask NAME COMMAND…
ask ()
{
  echo "${*:2}" >&"${CONTENDER_IN[$1]}"
  contender_answers "$1"
}

# turns ROUND COMMAND NAME…: runs one turn of each contender.  Every second round goes backwards, because a turn also
# depends on what ran before it.
turns ()
{
  local round=$1 command=$2 names=("${@:3}") i

  for ((i = 0; i < ${#names[@]}; i++)); do
    ask "${names[round % 2 ? ${#names[@]} - 1 - i : i]}" "$command"
  done
}

contenders_end ()
{
  local status=$? name

  for name in "${!CONTENDER_PIDS[@]}"; do
    echo exit >&"${CONTENDER_IN[$name]}"
  done
  wait
  ((status != 0)) || [[ ${LAB_KEEP_LOGS-} == 1 ]] || rm -rf "$T"
  exit $status
}

# --- in a contender's lab -------------------------------------------------------------------

# Under systemd the watchdog sees to it that nothing outlives the helper.  Without it the helper has rules for that,
# which laptops don't have.
be_watched ()
{
  sed -i 's#^Exec=\(/usr/bin/env \)\?#Exec=/usr/bin/env WATCHDOG_USEC=60000000 #' \
    /usr/share/dbus-1/system-services/org.nmdivert.Helper1.service
  gdbus call --system -d org.freedesktop.DBus -o /org/freedesktop/DBus -m org.freedesktop.DBus.ReloadConfig >/dev/null
}

# Doesn't return.
contender_serve ()
{
  local request

  lab_enter
  exec {LAB_ASKED}<&0 {LAB_ANSWERS}>&1 </dev/null >&2
  lab_up
  [[ $CONTENDER != *legacy ]] || LAB_BACKEND=iptables
  if [[ -n $CONTENDER_BUILD ]]; then
    NM_DIVERT_BUILDDIR=$CONTENDER_BUILD lab_install
    be_watched
  fi
  ready
  echo done >&"$LAB_ANSWERS"
  while read -ru "$LAB_ASKED" request && [[ $request != exit ]]; do
    if eval "$request"; then echo done; else echo "failed: $request"; fi >&"$LAB_ANSWERS"
  done
  # shellcheck disable=SC2034
  TAP_DONE=1
  exit 0
}

# into WHAT: appends stdin to this contender's file.
into ()
{
  cat >>"$T/$1-$CONTENDER"
}

# --- results --------------------------------------------------------------------------------

# median_of WHAT CONTENDER
median_of ()
{
  median <"$T/$1-$2"
}

# ratio WHAT A B: the median of A's lines divided by the neighbouring ones of B.
ratio ()
{
  paste "$T/$1-$2" "$T/$1-$3" | awk 'NF == 2 && $2 > 0 { print $1 / $2 }' | median
}

# matrix WHAT…: a row for each, with a column for each of the contenders in COLUMNS.  "cell WHAT CONTENDER" says what is
# in it.
matrix ()
{
  local what name

  printf '  %-40s' ""
  for name in "${COLUMNS[@]}"; do
    printf '%12s' "${NAMES[$name]:-$name}"
  done
  echo
  for what; do
    printf '  %s%*s' "${LABELS[$what]}" $((40 - ${#LABELS[$what]})) ""
    for name in "${COLUMNS[@]}"; do
      printf '%12s' "$(cell "$what" "$name")"
    done
    echo
  done
}

# compare WHAT LABEL DIVISOR UNIT: rows for the figure, for the one before, for the control, and for the legacy tables.
# Less is better.
compare ()
{
  local what=$1 label=$2 divisor=$3 unit=$4

  row "$label" "$(figure "$(median_of "$what" now) / $divisor") $unit"
  if [[ -n ${BEFORE-} && -s $T/$what-before ]]; then
    row "… before" "$(figure "$(median_of "$what" before) / $divisor") $unit"
    goal "… now / before" "$(calculate "$(ratio "$what" now before)" %.3f)" "<=" 1.05
  fi
  row "… A/A: now / the same again" "$(calculate "$(ratio "$what" now again)" %.3f)"
  row "… with iptables" "$(figure "$(median_of "$what" legacy) / $divisor") $unit"
}
