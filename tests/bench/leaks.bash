#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Leaks: home → the café that looks like home → home, under 500 datagrams and 50 new TCP connections a second to the NAS
# in each family.  It counts what reaches the impostor at the NAS's address, before anything else there.  For a quick
# look at a part, set CONTENDERS="article script before uuid divert", WAYS="profile carrier address".
# As a control, it compares each contender's odd roams with its even ones.
source "$(dirname "$0")/bench.bash"
lab_enter "$@"
# Evil gives out another address than home does, and leases are renewed every two seconds.  That is all that a roam
# without carrier loss shows.
LAB_EVIL_LEASE=192.168.22.77
LAB_DHCP_OPTIONS=(--dhcp-option-force=58,2 --dhcp-option-force=59,3)
lab_up
watch impostor
# The laptop believes for long what it has learned about its neighbours, so that the carrier and the address are the
# only signs of another network (when they change, the kernel forgets its neighbours).
for family in ipv4 ipv6; do
  echo 600000 >/proc/sys/net/$family/neigh/wlan0/base_reachable_time_ms
done

OTHERS=${OTHERS:-$ROAMS}
BATCH=10  # roams per start of the streams, which end by themselves after ten minutes
T=$LAB_LOGS/leaks
mkdir "$T"

load_start ()
{
  spawn load-udp4 "$LAB_PROBE" stream udp "$NAS4" 80 500 600
  spawn load-udp6 "$LAB_PROBE" stream udp "$NAS6" 80 500 600
  spawn load-tcp4 "$LAB_PROBE" stream tcp "$NAS4" 80 50 600
  spawn load-tcp6 "$LAB_PROBE" stream tcp "$NAS6" 80 50 600
}

load_stop ()
{
  local load

  for load in load-udp4 load-udp6 load-tcp4 load-tcp6; do
    reap $load
  done
}

# What has reached the impostor: "DATAGRAMS SYNS".
reached ()
{
  local command

  for command in iptables-legacy-save ip6tables-legacy-save; do
    on impostor "$command" -c -t raw
  done | sed -nE 's/^\[([0-9]+):[0-9]+\] -A WATCH .* -p (udp|tcp).*/\2 \1/p' |
    awk '{ n[$1] += $2 } END { print n["udp"] + 0, n["tcp"] + 0 }'
}

has_address ()
{
  [[ $(ip -4 -o address show dev wlan0) == *" $1/24 "* ]]
}

# --- three ways to get to another network, and back ----------------------------------

leave_profile () { roam evil cafe; }
return_profile () { roam home home; }

leave_carrier () { plug evil; }
return_carrier () { plug home; }

# NetworkManager's DHCP client gets stuck for good if its renewal is refused by a server that has another lease for it.
# If the server has none, the client asks again.
forget_leases ()
{
  reap dnsmasq-evil
  rm -f /run/lab/evil.leases
  lab_dnsmasq evil "$LAB_EVIL_LEASE"
}

leave_address ()
{
  repatch evil
  until_true 15 has_address "$LAB_EVIL_LEASE"
}

return_address () { roam home home; }

# roams CONTENDER WAY: writes each roam's "DATAGRAMS SYNS" to a file.
roams ()
{
  local contender=$1 way=$2 i udp tcp udp_before tcp_before n
  n=$(roams_of "$contender")

  roam home home
  at_home "$contender"
  for ((i = 0; i < n; i++)); do
    ((i % BATCH)) || load_start
    [[ $way != address ]] || forget_leases
    # Make sure that flows are under way.
    pause 0.3
    read -r udp_before tcp_before < <(reached)
    "leave_$way" || note "$contender, $way: no other network at roam $i"
    pause 1
    "return_$way" || note "$contender, $way: no way home at roam $i"
    at_home "$contender"
    read -r udp tcp < <(reached)
    echo "$((udp - udp_before)) $((tcp - tcp_before)) $(now_us)" >>"$T/$contender-$way"
    ((i % BATCH < BATCH - 1 && i < n - 1)) || load_stop
  done
}

roams_of ()
{
  if [[ $1 == divert ]]; then echo "$ROAMS"; else echo "$OTHERS"; fi
}

at_home ()
{
  [[ $1 == article || $1 == script ]] || becomes home || note "$1: not home again: $(status reason)"
}

# result CONTENDER WAY LABEL: the goal is nm-divert's, given a proof that an impostor can't have.
result ()
{
  local udp tcp worst leaky

  read -r udp tcp worst leaky < <(awk '
    { udp += $1; tcp += $2; leaky += $1 + $2 > 0; if ($1 + $2 >= worst) { worst = $1 + $2; text = $1 "/" $2 } }
    END { print udp, tcp, text, leaky }' "$T/$1-$2")
  if [[ $1 == divert ]]; then
    row "$3" "$udp / $tcp" "0 / 0" $((udp + tcp == 0))
  else
    row "$3" "$udp / $tcp"
  fi
  ((udp + tcp == 0)) || row "… in how many roams; the worst" "$leaky; $worst"
  row "… A/A: the odd roams; the even ones" "$(half "$1-$2" 1); $(half "$1-$2" 0)"
}

# half FILE PARITY: what leaked in every second roam.
half ()
{
  awk -v parity="$2" 'NR % 2 == parity { udp += $1; tcp += $2 } END { print udp + 0 " / " tcp + 0 }' "$T/$1"
}

# A stranger that packets leaked to still wants to finish its connections, and asks for the laptop by ARP whenever the
# laptop is there again.  This puts the impostor in the NAS's place (helper/system/sources/kernel/neighbours.c).  One
# contender must not suffer because of another.
impostor_forgets ()
{
  on impostor ss -K -t state connected >>"$LAB_LOGS/forgotten.log" 2>&1
}

# --- the contenders, one after the other -------------------------------------------------

article_begin () { article_lay; }
article_end () { article_remove; }

script_begin ()
{
  mkdir -p /etc/NetworkManager/dispatcher.d
  install -m 755 "$BENCH_DIR/script-by-uuid" /etc/NetworkManager/dispatcher.d/50-by-uuid
}

script_end ()
{
  rm /etc/NetworkManager/dispatcher.d/50-by-uuid
  script_remove
}

before_begin ()
{
  NM_DIVERT_BUILDDIR=$BEFORE lab_install
  lab_configure "gateway-mac=$HOME_MAC"
  nm-divert reload >/dev/null
  switch_to auto
}

# The next call starts the new helper.
before_end ()
{
  switch_to off
  kill "$(helper_pid)"
  until_true 5 eval '! helper_pid' || lab_die "the helper does not end"
}

uuid_begin ()
{
  lab_install
  switch_to auto
}
uuid_end () { switch_to off; }

divert_begin ()
{
  lab_install
  lab_configure "gateway-mac=$HOME_MAC"
  nm-divert reload >/dev/null
  switch_to auto
}

divert_end () { switch_to off; }

read -ra contenders <<<"${CONTENDERS-article script ${BEFORE:+before} uuid divert}"
read -ra ways <<<"${WAYS-profile carrier address}"

for contender in "${contenders[@]}"; do
  roam home home
  "${contender}_begin"
  for way in "${ways[@]}"; do
    roams "$contender" "$way"
  done
  "${contender}_end"
  impostor_forgets
done

declare -A labels=(
  [article]="the article's rules"
  [script]="script by UUID"
  [before]="nm-divert before, with gateway-mac"
  [uuid]="nm-divert, proof by UUID alone"
  [divert]="nm-divert, with gateway-mac"
  [profile]="another profile"
  [carrier]="a lost and found carrier only"
  [address]="another DHCP address only"
)
table "B. Leaks: datagrams / SYNs that reached the impostor in $ROAMS roams (the others: $OTHERS)"
for way in "${ways[@]}"; do
  for contender in "${contenders[@]}"; do
    result "$contender" "$way" "${labels[$way]}: ${labels[$contender]}"
  done
done
bench_done
