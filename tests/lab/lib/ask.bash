# SPDX-License-Identifier: GPL-2.0-or-later
# Asking the packets.  An answer is "WHO ADDRESS": who answered, and from which
# address the question came; or one word for what went wrong ("timeout").

# who tcp|udp ADDRESS [PORT] [OPTION…]
who ()
{
  local protocol=$1 address=$2 port=80 answer
  shift 2
  if [[ ${1-} =~ ^[0-9]+$ ]]; then
    port=$1
    shift
  fi

  answer=$("$LAB_PROBE" ask "$@" "$protocol" "$address" "$port" 2>&1)
  lab_strip_port "$answer"
}

# who_resolves tcp|udp RESOLVER [OPTION…]: whose DNS server answered.
who_resolves ()
{
  local protocol=$1 resolver=$2
  shift 2

  lab_strip_port "$("$LAB_PROBE" dns "$@" "$protocol" "$resolver" whoami.lab 2>&1)"
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

# watch HOST: counts, in front of everything, what arrives at HOST from the laptop for
# the intranet, whether a server gets to see it or not.  watched HOST tells how many.
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
