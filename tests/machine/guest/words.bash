# SPDX-License-Identifier: GPL-2.0-or-later
# Functions for both sides, host and guest: test points (numbered by ../run), bounded waiting, processes in the
# background, and "on HOST", which runs a command in a network namespace.
#
# A point is one line "ok - WHAT" or "not ok - WHAT". Lines that begin with "# " are for people.

WORLD=/run/world
mkdir -p $WORLD /run/netns

# point GOOD WHAT
point ()
{
  local what=${2//[[:cntrl:]]/?}

  if (($1)); then
    echo "ok - $what"
  else
    echo "not ok - $what"
  fi
  (($1))
}

note () { printf '%s\n' "$*" | sed 's/^/# /'; }

# ok WHAT COMMAND…: COMMAND succeeds.
ok ()
{
  local what=$1 said
  shift

  said=$("$@" 2>&1) && { point 1 "$what"; return; }
  point 0 "$what"
  note "command: $*"$'\n'"said: $said"
  return 1
}

# is WHAT GOT WANTED
is ()
{
  [[ $2 == "$3" ]] && { point 1 "$1"; return; }
  point 0 "$1"
  note "got:    $2"$'\n'"wanted: $3"
  return 1
}

# like WHAT GOT EXTENDED-REGEX
like ()
{
  [[ $2 =~ $3 ]] && { point 1 "$1"; return; }
  point 0 "$1"
  note "got:    $2"$'\n'"wanted: /$3/"
  return 1
}

# below WHAT NUMBER LIMIT: there is a number, and it is less.
below ()
{
  [[ $2 =~ ^-?[0-9]+$ ]] && (($2 < $3)) && { point 1 "$1 ($2)"; return; }
  point 0 "$1"
  note "got:    ${2:-nothing}"$'\n'"wanted: less than $3"
  return 1
}

# more WHAT NUMBER THAN
more ()
{
  [[ $2 =~ ^-?[0-9]+$ ]] && (($2 > $3)) && { point 1 "$1 ($2)"; return; }
  point 0 "$1"
  note "got:    ${2:-nothing}"$'\n'"wanted: more than $3"
  return 1
}

# Ends a case whose world isn't there, because nothing after this would mean anything.
die ()
{
  echo "not ok - $*"
  exit 1
}

# pause SECONDS: for polling where there is no event, and for letting a load run.
pause ()
{
  read -rt "$1" <> <(:)
  return 0
}

now_ms () { local t=${EPOCHREALTIME/[.,]/}; echo $((t / 1000)); }

# until_true SECONDS COMMAND…: if it never succeeds, it shows what the last try said, and how many there were. Asked on
# a busy machine, some questions take so long that the time is up after the second, so there are at least six.
until_true ()
{
  local end=$(($(now_ms) + $1 * 1000)) tries=1 said=$WORLD/until.$BASHPID
  shift

  until "$@" >"$said" 2>&1; do
    ((tries < 6 || $(now_ms) < end)) || { echo "try $tries: $(<"$said")"; return 1; }
    tries=$((tries + 1))
    pause 0.1
  done
}

# median NUMBER…
median () { printf '%s\n' "$@" | sort -n | awk '{ a[NR] = $1 } END { print NR ? a[int((NR + 1) / 2)] : "" }'; }

on ()
{
  local host=$1
  shift

  nsenter --net="/run/netns/$host" -- "$@"
}

# spawn NAME HOST COMMAND…: runs it in the background on that host ("" for here). $WORLD/NAME.log gets its output.
spawn ()
{
  local name=$1 host=$2
  shift 2

  [[ -z $host ]] || set -- nsenter --net="/run/netns/$host" -- "$@"
  setsid "$@" >>"$WORLD/$name.log" 2>&1 </dev/null &
  echo $! >"$WORLD/$name.pid"
}

# reap NAME [SIGNAL]: ends it, and waits until it has ended.
reap ()
{
  local pid

  [[ -s $WORLD/$1.pid ]] || return 0
  pid=$(<"$WORLD/$1.pid")
  kill "-${2-TERM}" "$pid" 2>/dev/null
  until_true 60 gone "$pid"
  rm -f "$WORLD/$1.pid"
}

gone () { [[ ! -d /proc/$1 || $(awk '/^State/ { print $2 }' "/proc/$1/status" 2>/dev/null) == Z ]]; }
