# SPDX-License-Identifier: GPL-2.0-or-later
# In the guest: two wires that are plugged in at home or at the impostor's, for the cases in which home is on a device
# that carries others, or is carried by them.  Wi-Fi is off, and nothing is known of home.

WIRES_SITE=/etc/nm-divert/conf.d/home.conf

wires_begin ()
{
  local n

  nmcli radio wifi off
  rm $WIRES_SITE
  nm-divert reload
  printf '[main]\nno-auto-default=interface-name:wire*\n' >/etc/NetworkManager/conf.d/wires.conf
  nmcli general reload
  for n in 0 1; do
    ip link add wire$n address 02:33:00:00:00:0$n type veth peer name far$n netns home
    wires_nm device set wire$n managed yes
  done
  echo home >$WORLD/plugged
  wires_plug home
  strangers_reset
  spawn load '' $LOAD 100 $WORLD/load "${TARGETS[@]}"
}

# --- wires -----------------------------------------------------------------------------

# wires_plug HOST [VLAN]: both wires go to that router. With a VLAN, the router takes nothing else from them.
wires_plug ()
{
  local host=$1 vlan=${2-} at far port

  at=$(<$WORLD/plugged)
  for far in far0 far1; do
    ip -n "$at" link del "$far.22" 2>/dev/null
    ip -n "$at" link set $far nomaster down
    ip -n "$at" link set $far netns "$host"
  done
  for far in far0 far1; do
    port=$far
    if [[ -n $vlan ]]; then
      port=$far.22
      ip -n "$host" link add link $far name "$port" type vlan id "$vlan"
      ip -n "$host" link set $far up
    fi
    ip -n "$host" link set "$port" master lan up
  done
  echo "$host" >$WORLD/plugged
}

# NetworkManager needs a moment until a new profile is in its list.
wires_up () { until_true 60 nmcli -w 30 connection up "$1" || note "nmcli cannot bring $1 up"; }
wires_nm () { nmcli -w 30 "$@" >>$WORLD/nmcli.log 2>&1 || note "nmcli $*: $(tail -n 1 $WORLD/nmcli.log)"; }
wires_has () { [[ $(ip -4 -o address show dev "$1") == *" $2."* ]]; }
# Trust learns what there is, and IPv6 comes later than IPv4.
wires_has_home () { wires_has "$1" 192.168.22 && [[ $(ip -6 -o address show dev "$1" -tentative) == *" fd00:22:"* ]]; }

# wires_ports NAME DEVICE TYPE: the wires are its ports.
wires_ports ()
{
  local n

  for n in 0 1; do
    wires_nm connection add type ethernet con-name "$1-$n" ifname wire$n master "$2" slave-type "$3" autoconnect no
  done
  for n in 0 1; do
    wires_up "$1-$n"
  done
}

wires_drop ()
{
  local name

  for name; do
    wires_nm connection delete "$name"
  done
}

# --- the same for each kind of device ----------------------------------------------------

# wires_learn NAME DEVICE: trust learns the network of the profile NAME on DEVICE, and what it has learned proves home.
wires_learn ()
{
  ok "$1: it has its addresses" until_true 30 wires_has_home "$2" ||
    note "$(nmcli device; ip address; tail -n 5 $WORLD/nmcli.log)"
  [[ ! -e $WIRES_SITE ]] || nm-divert forget home >/dev/null
  ok "$1: trust learns the network" nm-divert trust home --yes
  like "$1: … by the profile" "$(<$WIRES_SITE)" "connection-uuid=$(nmcli -g connection.uuid connection show "$1")"
  like "$1: … and by the gateway that answers through it" "$(<$WIRES_SITE)" "gateway-mac=$HOME_MAC"
  wires_at_home "$1" "$2"
}

wires_at_home ()
{
  ok "$1: home" wait_place home 20 || note "$(nm-divert status)"
  is "$1: … by that device" "$(status .device)" "$2"
  ok "$1: … all ways are those of home" until_true 20 ways_are home || note "$(ways_are home)"
}

# wires_stranger NAME [VLAN]: to the impostor, where everything but the gateway's address is as at home, and back.
wires_stranger ()
{
  wires_plug evil "${2-}"
  ok "$1: at the impostor's, away" wait_place away 20 proof-failed || note "$(nm-divert status)"
  # NetworkManager asks for an address again, and the proxy connects again.
  ok "$1: … the NAS is reached through the proxy" until_true 60 wires_nas "$FROM_HOME"
  wires_plug home "${2-}"
  ok "$1: home again" wait_place home 20 || note "$(nm-divert status)"
  ok "$1: … the NAS is reached directly" until_true 20 wires_nas "$FROM_LAPTOP4"
  none_out "$1"
}

wires_nas () { [[ $(who tcp $NAS4) =~ ^nas\ ($1)$ ]]; }
