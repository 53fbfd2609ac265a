# SPDX-License-Identifier: GPL-2.0-or-later
# Moving the laptop.
#
#   plug ROUTER              another network, with carrier loss
#   roam ROUTER PROFILE      that, and NetworkManager activates PROFILE
#   repatch ROUTER           another network without carrier loss: only what is on the
#                            network tells (DHCP, router advertisements, ARP)

LAB_AT=

# Which router does wlan0 hear?  "" for none.
lab_patch ()
{
  local router

  {
    for router in "${LAB_ROUTERS[@]}"; do
      [[ $router == "${1-}" ]] || echo "link set $router nomaster"
    done
    [[ -z ${1-} ]] || echo "link set $1 master air"
  } | ip -n air -batch -
  LAB_AT=${1-}
}

unplug ()
{
  ip -n air link set laptop down
}

plug ()
{
  unplug
  lab_patch "$1"
  ip -n air link set laptop up
}

# plug_once_lost ROUTER: as plug, but the carrier comes back only when the kernel has said that it is lost, and then at
# once.  With plug, on a busy machine, the kernel's own thread reports the loss when it is over, and then no program can
# prevent that a packet goes out.
plug_once_lost ()
{
  local news reports line=

  exec {news}< <(exec ip -o monitor link dev wlan0)
  reports=$!
  until_true 5 monitors $reports || lab_die "ip monitor does not start"
  unplug
  lab_patch "$1"
  until [[ $line == *NO-CARRIER* ]]; do
    read -rt 10 -u "$news" line || lab_die "the kernel does not say that the carrier is lost"
  done
  ip -n air link set laptop up
  exec {news}<&-
  kill $reports
}

# monitors PID: this process ("ip monitor") hears of changes by now.  While it asks for all links, which it does first,
# it throws away what else it hears, so it has to be asleep as well.
monitors () { awk '{ print $3 }' /proc/net/netlink | grep -qx "$1" && grep -q '^[0-9]* (ip) S ' "/proc/$1/stat"; }

repatch ()
{
  lab_patch "$1"
}

# Configures the device again, without carrier loss.
reapply ()
{
  nmcli -w 15 device reapply wlan0 >/dev/null
}

# up PROFILE: activates it, and waits until the addresses are there.
up ()
{
  nmcli -w 15 connection up "$1" >>"$LAB_LOGS/nmcli.log" 2>&1 || return 1
  until_true 8 settled
}

# NetworkManager 1.42's DHCP client asks for the lease of the network before, and now and then it goes on waiting when
# the server says that it doesn't know that lease.  Another activation begins anew.
up_anew ()
{
  up "$1" || up "$1" || note "profile $1 is not active at $LAB_AT"
}

roam ()
{
  plug "$1"
  up_anew "$2"
}

# Does wlan0 have all the addresses and routes that its network provides?
settled ()
{
  local v4 v6

  case $LAB_AT in
    cafe) v4=10.66.0. v6=fd00:66: ;;
    *) v4=192.168.22. v6=2001:db8:22: ;;
  esac
  [[ $(ip -4 -o address show dev wlan0) == *" $v4"* ]] &&
    [[ $(ip -6 -o address show dev wlan0 -tentative) == *" $v6"* ]] &&
    [[ -n $(ip -4 route show default dev wlan0) && -n $(ip -6 route show default dev wlan0) ]]
}

offline ()
{
  nmcli -w 15 device disconnect wlan0 >/dev/null 2>&1
}
