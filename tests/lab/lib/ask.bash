# SPDX-License-Identifier: GPL-2.0-or-later
# Asking the packets.  An answer is "WHO ADDRESS": who answered, and which source address the question had.  If it went
# wrong, the answer is one word ("timeout").

# who tcp|udp ADDRESS [PORT] [OPTION…]
who ()
{
  who_at laptop "$@"
}

# who_at HOST …: the same, asked from another host.
who_at ()
{
  local host=$1 protocol=$2 address=$3 port=80 answer
  shift 3
  if [[ ${1-} =~ ^[0-9]+$ ]]; then
    port=$1
    shift
  fi

  answer=$(on "$host" "$LAB_PROBE" ask "$@" "$protocol" "$address" "$port" 2>&1)
  lab_strip_port "$answer"
}

# who_resolves tcp|udp RESOLVER [OPTION…]: whose DNS server answered.
who_resolves ()
{
  local protocol=$1 resolver=$2
  shift 2

  lab_strip_port "$("$LAB_PROBE" dns "$@" "$protocol" "$resolver" whoami.lab 2>&1)"
}

# patiently COMMAND…: if nobody answers, asks again, at most twice, because two proxies on a busy machine may lose a
# datagram.  A connection that is aborted asks again too, because a change of place ends flows a moment after its rules
# hold, and may hit one that began on them.  Any answer, right or wrong, ends it.
patiently ()
{
  local answer try

  for try in 1 2 3; do
    answer=$("$@")
    [[ $answer == timeout || $answer == aborted ]] || break
  done
  echo "$answer"
}

# ways_are LABEL home|away: the whole table of paths, TCP and UDP, IPv4 and IPv6.  At home the intranet sees the
# laptop's own addresses, elsewhere it sees the home router's.  The web and the DNS server are always reached from
# abroad.
ways_are ()
{
  local label=$1 from4=$HOME4 from6="$HOME6\$" fromg="$HOMEG\$" protocol

  if [[ $2 == home ]]; then
    from4=$LAPTOP_HOME4 from6=fd00:22::ff: fromg=2001:db8:22::ff:
  fi
  for protocol in tcp udp; do
    is "$label, $protocol: the NAS, IPv4" "$(patiently who $protocol $NAS4)" "nas $from4"
    like "$label, $protocol: the NAS, ULA" "$(patiently who $protocol $NAS6)" "^nas $from6"
    like "$label, $protocol: the NAS, global" "$(patiently who $protocol $NASG)" "^nas $fromg"
    is "$label, $protocol: the web, IPv4" "$(patiently who $protocol $WEB4)" "inet $ABROAD4"
    is "$label, $protocol: the web, IPv6" "$(patiently who $protocol $WEB6)" "inet $ABROAD6"
    is "$label, $protocol: DNS, a public server" "$(patiently who_resolves $protocol $WEB4)" "inet $ABROAD4"
    is "$label, $protocol: DNS, by IPv6" "$(patiently who_resolves $protocol $WEB6)" "inet $ABROAD4"
    is "$label, $protocol: DNS, the local router's" "$(patiently who_resolves $protocol "$(lab_gateway)")" \
      "inet $ABROAD4"
  done
}

lab_gateway ()
{
  local words
  read -ra words <<<"$(ip -4 route show default)"
  echo "${words[2]}"
}

lab_strip_port ()
{
  local words
  read -ra words <<<"$1"

  if ((${#words[@]} == 3)); then
    echo "${words[0]} ${words[1]}"
  else
    echo "$1"
  fi
}

# seen HOST [REGEX]: how many items reached that host's probe.
seen ()
{
  local count
  count=$(grep -cEs -- "${2:-^(tcp-accept|udp) }" "$LAB_LOGS/$1.seen")
  echo "${count:-0}"
}

# watch HOST: counts what arrives at HOST from the laptop for the intranet.  It counts before anything else, whether or
# not a server gets to see it. watched HOST prints the count.
watch ()
{
  local command prefix

  for command in iptables-legacy ip6tables-legacy; do
    on "$1" "$command" -t raw -N WATCH
    on "$1" "$command" -t raw -A PREROUTING -j WATCH
  done
  on "$1" iptables-legacy -t raw -A WATCH -p udp -d 192.168.22.2
  on "$1" iptables-legacy -t raw -A WATCH -p tcp --syn -d 192.168.22.2
  for prefix in "$NAS6" "$NASG"; do
    on "$1" ip6tables-legacy -t raw -A WATCH -p udp -d "$prefix"
    on "$1" ip6tables-legacy -t raw -A WATCH -p tcp --syn -d "$prefix"
  done
}

watched ()
{
  local command

  for command in iptables-legacy-save ip6tables-legacy-save; do
    on "$1" "$command" -c -t raw
  done | sed -nE 's/^\[([0-9]+):[0-9]+\] -A WATCH .*/\1/p' | awk '{ n += $1 } END { print n + 0 }'
}

# sunk HOST PEER: how the last upload from PEER to HOST's sink ended: "BYTES eof" or "BYTES WORD".
sunk ()
{
  awk -v peer="$2" '$1 == "sink" && $2 == peer { end = $4 " " $5 } END { print end; exit end == "" }' \
    "$LAB_LOGS/$1.sunk"
}

# relay_open HOST VIA4 [VIA6]: HOST tries to reach the web and the NAS through the laptop.
relay_open ()
{
  ip -n "$1" route add "$WEB4" via "$2"
  ip -n "$1" route add "$NAS4" via "$2"
  [[ -z ${3-} ]] || ip -n "$1" route add "$WEB6" via "$3"
  [[ -z ${3-} ]] || ip -n "$1" route add "$NAS6" via "$3"
}

relay_close ()
{
  ip -n "$1" route del "$WEB4"
  ip -n "$1" route del "$NAS4"
  ip -n "$1" -6 route del "$WEB6" 2>/dev/null
  ip -n "$1" -6 route del "$NAS6" 2>/dev/null
  return 0
}
