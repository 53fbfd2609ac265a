# SPDX-License-Identifier: GPL-2.0-or-later
# Own LANs: what a container or a virtual machine gets, and which devices the rules name.

# asked HOST [OPTION…]: its questions to all addresses of the NAS, and who answered.
asked ()
{
  local host=$1 protocol address
  shift

  for protocol in tcp udp; do
    for address in "$NAS4" "$NAS6" "$NASG"; do
      echo "$protocol $(patiently who_at "$host" $protocol "$address" "$@")"
    done
  done
}
nobody_answers () { lacks '(nas|impostor) ' asked "$@" --timeout 300; }
through_proxy="tcp nas $HOME4
tcp nas $HOME6
tcp nas $HOMEG
udp nas $HOME4
udp nas $HOME6
udp nas $HOMEG"
home_answers () { [[ $(asked "$1" | grep -cE '^(tcp|udp) nas ') == 6 ]]; }
none_reached () { is "$1: not one packet reached the impostor" "$(watched impostor) $(seen impostor)" "0 0"; }

# Which devices the rules name.
lans ()
{
  iptables-legacy-save -t mangle | sed -nE 's/^-A DIVERT_LANS .* -i (\S+) .*-g DIVERT_LAN$/\1/p' | sort -u
  nft list table inet nm-divert 2>/dev/null | sed -nE 's/.*iifname "(.*)" goto lan$/\1/p' | sort -u
}
lans_are () { [[ $(lans) == "$1" ]]; }

# lan_unmanaged PATTERN…: NetworkManager must not touch these devices.  If it meets a link between two commands, it
# takes the link for its own and empties it.
lan_unmanaged ()
{
  mkdir -p /etc/NetworkManager/conf.d
  printf '%s\n' '[device-of-the-test]' "match-device=$(printf 'interface-name:%s;' "$@")" managed=0 \
    >/etc/NetworkManager/conf.d/lans.conf
  nmcli general reload conf
}

# lan_up DEVICE HOST NUMBER: a bridge with a container. As docker does, its addresses are hidden behind the laptop's.
lan_up ()
{
  ip netns add "$2"
  on "$2" bash -c 'echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad'
  ip -batch - <<END
link add $1 type bridge stp_state 0 forward_delay 0 mcast_snooping 0
link add veth$3 type veth peer name eth0 netns $2
link set veth$3 master $1 up
addr add 172.30.$3.1/24 dev $1
addr add fd00:30:$3::1/64 dev $1
link set $1 up
END
  lab_address_host "$2" eth0 "172.30.$3.2/24" "fd00:30:$3::2/64" "172.30.$3.1" "fd00:30:$3::1"
  iptables-legacy -t nat -A POSTROUTING -s "172.30.$3.0/24" ! -o "$1" -j MASQUERADE
  ip6tables-legacy -t nat -A POSTROUTING -s "fd00:30:$3::/64" ! -o "$1" -j MASQUERADE
}

lan_down ()
{
  ip link del "$1"
  ip netns del "$2"
}

# --- programs that make such networks -------------------------------------------------------

# lan_image FILE: an archive of a root directory with nothing but the probe in it.
lan_image ()
{
  local root=/run/lab/image file

  for file in "$LAB_PROBE" $(ldd "$LAB_PROBE" | grep -oE '/\S+'); do
    install -D "$file" "$root$file"
  done
  ln -s "$LAB_PROBE" $root/probe
  tar -C $root -cf "$1" .
}

# lan_host HOST PID: "on HOST" runs in the network namespace of that process.
lan_host ()
{
  touch "/run/netns/$1"
  mount --bind "/proc/$2/ns/net" "/run/netns/$1" || lab_die "no network namespace of process $2"
}

# iptables_is nft|legacy: which one other programs find.
iptables_is ()
{
  local command

  for command in iptables ip6tables; do
    ln -sf "/usr/sbin/$command-$1" "/etc/alternatives/$command"
    ln -sf "/usr/sbin/$command-$1-restore" "/etc/alternatives/$command-restore"
    ln -sf "/usr/sbin/$command-$1-save" "/etc/alternatives/$command-save"
  done
}

# lan_theirs: the rules that are neither ours nor the lab's, in both worlds.
lan_theirs ()
{
  {
    nft -s list ruleset
    iptables-legacy-save
    ip6tables-legacy-save
  } 2>>"$LAB_LOGS/theirs.log" |
    sed -E -e '/^table inet nm-divert/,/^}/d; /^[*:#]/d; /DIVERT/d; /^COMMIT/d' \
      -e 's/\[[0-9]+:[0-9]+\]//; s/ counter packets [0-9]* bytes [0-9]*//'
}

doctor_finds_nothing () { [[ $(nm-divert doctor --json 2>>"$LAB_LOGS/doctor.log" | jq '.findings | length') == 0 ]]; }

# lan_at HOST away|home: the ways of a host with IPv4 alone.
lan_at ()
{
  local protocol

  for protocol in tcp udp; do
    is "$1, $2: the NAS, $protocol" "$(patiently who_at "$1" $protocol "$NAS4")" \
      "nas $([[ $2 == home ]] && echo "$LAPTOP_HOME4" || echo "$HOME4")"
    is "$1, $2: the web by its own way, $protocol" "$(patiently who_at "$1" $protocol "$WEB4")" \
      "inet 203.0.113.$([[ $2 == home ]] && echo 22 || echo 66)"
  done
}

# lan_away HOST4 HOST6: what holds away.  One host is on a network of IPv4, the other (or the same) has both families.
lan_away ()
{
  lan_at "$1" away
  is "away, with IPv6" "$(asked "$2")" "$through_proxy"
  ways_are "the laptop itself" away
  ok "the doctor finds nothing" until_true 10 doctor_finds_nothing
  lan_theirs >"$LAB_LOGS/theirs-before"
}

# lan_home HOST4 HOST6: after lan_away, the laptop goes home.
lan_home ()
{
  roam home home
  until_true 20 home_is_whole
  ok "at home, with IPv6" until_true 10 home_answers "$2"
  lan_at "$1" home
  like "at home, IPv6 by its own NAT" "$(patiently who_at "$2" udp "$NAS6")" "^nas fd00:22::ff:"
  lan_theirs >"$LAB_LOGS/theirs-after"
  same "none of its rules has changed" "$LAB_LOGS/theirs-before" "$LAB_LOGS/theirs-after"
}

lan_who_resolves () { lab_strip_port "$(on "$1" "$LAB_PROBE" dns "$2" "$3" whoami.lab 2>&1)"; }

# lan_resolves HOST RESOLVER: the network's dnsmasq asks by itself, and what it asks goes to the proxy as any program's
# questions do.
lan_resolves ()
{
  local protocol

  for protocol in tcp udp; do
    is "DNS of its dnsmasq, $protocol" "$(patiently lan_who_resolves "$1" $protocol "$2")" "inet $ABROAD4"
  done
}
