# SPDX-License-Identifier: GPL-2.0-or-later
# A steady load to the NAS, in both families and protocols, while something happens, and a count of what reached an
# impostor. Also single flows that are kept open, and packets that wait for a neighbour.
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

# hold NAME COMMAND…: a long-lived flow. Its log says what happens to it.  If nobody answers, it begins anew, at most
# twice, for the same reason as in "patiently".
hold ()
{
  local name=$1 try
  shift

  for try in 1 2 3; do
    : >"$LAB_LOGS/$name.log"
    spawn "$name" "$@"
    until_true 5 has_begun "$name"
    [[ $(head -n 1 "$LAB_LOGS/$name.log") =~ ^(lost timeout.*)?$ ]] || break
    ((try == 3)) || reap "$name"
  done
  [[ $(head -n 1 "$LAB_LOGS/$name.log") == "up "* ]] || note "$name: $(cat "$LAB_LOGS/$name.log")"
}

has_begun () { [[ -s $LAB_LOGS/$1.log ]]; }

first_of ()
{
  head -n 1 "$LAB_LOGS/$1.log" | cut -d' ' -f1-3
}

is_lost () { grep -q '^lost ' "$LAB_LOGS/$1.log"; }
lives () { [[ -d /proc/${LAB_PIDS[$1]} ]] && ! is_lost "$1"; }

# --- packets that wait for a neighbour ------------------------------------------------------

waits_for () { [[ $(ip neigh show "$1" dev wlan0) == *INCOMPLETE* ]]; }
is_unplugged () { [[ $(ip link show wlan0) == *NO-CARRIER* ]]; }
none_waits () { ! waits_for "$NAS4" && ! waits_for "$NAS6"; }

asks_in_vain () { who udp "$1" --timeout 100 >/dev/null; waits_for "$1"; }

# waiting_is_dropped LABEL: the carrier goes while all of the helper stands still, as on a machine that has no time.
# Once the kernel's own thread has seen it (K4.1), the kernel has forgotten the NAS, and a packet for it waits for
# whoever answers next.  The kernel itself would give up after three seconds, so it is told to ask more often.
waiting_is_dropped ()
{
  local address

  solicitations 100
  freeze $(helper_pids)
  unplug
  until_true 5 is_unplugged || lab_die "the carrier stays"
  for address in "$NAS4" "$NAS6"; do
    ok "$1: a packet waits for a neighbour: $address" until_true 10 asks_in_vain "$address"
  done
  kill -CONT $(helper_pids)
  ok "$1: what waits is dropped" until_true 20 none_waits
  solicitations 3
}

# solicitations N: how often the kernel asks for a neighbour, once a second, before it gives up.
solicitations ()
{
  local family

  for family in ipv4 ipv6; do
    echo "$1" >/proc/sys/net/$family/neigh/wlan0/mcast_solicit
  done
}
