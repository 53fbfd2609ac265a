# SPDX-License-Identifier: GPL-2.0-or-later
# A steady load to the NAS, in both families and protocols, while something happens, and a count of what reached an
# impostor. Also single flows that are kept open.
streams_start ()
{
  spawn stream-udp4 "$LAB_PROBE" stream udp "$NAS4" 80 500 60
  spawn stream-udp6 "$LAB_PROBE" stream udp "$NAS6" 80 500 60
  spawn stream-tcp4 "$LAB_PROBE" stream tcp "$NAS4" 80 50 60
  spawn stream-tcpg "$LAB_PROBE" stream tcp "$NASG" 80 50 60
}

streams_stop ()
{
  local stream

  for stream in stream-udp4 stream-udp6 stream-tcp4 stream-tcpg; do
    reap $stream
    note "$stream: $(tail -n 1 "$LAB_LOGS/$stream.log")"
  done
}

none_leaked ()
{
  is "$1: not one datagram, not one SYN reached the impostor" "$(watched impostor) $(seen impostor)" "0 0"
}

# --- flows ------------------------------------------------------------------------------

# hold NAME COMMAND…: a long-lived flow. Its log says what happens to it.
hold ()
{
  local name=$1
  shift

  : >"$LAB_LOGS/$name.log"
  spawn "$name" "$@"
  until_true 5 grep -q '^up ' "$LAB_LOGS/$name.log" || note "$name: $(cat "$LAB_LOGS/$name.log")"
}

first_of ()
{
  head -n 1 "$LAB_LOGS/$1.log" | cut -d' ' -f1-3
}

is_lost () { grep -q '^lost ' "$LAB_LOGS/$1.log"; }
lives () { [[ -d /proc/${LAB_PIDS[$1]} ]] && ! is_lost "$1"; }
