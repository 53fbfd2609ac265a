# SPDX-License-Identifier: GPL-2.0-or-later
# The map.
#
#                          inet  198.51.100.80  2001:db8:80::80  (the web, a DNS server)
#                            |   203.0.113.1    2001:db8:ff::1
#      .---------.-----------+--------------.---------------.
#    abroad    home                       cafe            evil
#    .200      .22 / ::22                 .66 / ::66      .99 / ::99
#  (ss-server)  |  (ss-server)             |               |
#               |  192.168.22.1/24         | 10.66.0.1/24  | 192.168.22.1/24       the same subnets
#               |  fd00:22::1/64           | fd00:66::1    | fd00:22::1/64         as at home, another
#               |  2001:db8:22::1/64       |               | 2001:db8:22::1/64     gateway MAC
#        nas ---+--- guest-home        guest-cafe  impostor+--- guest-evil
#   192.168.22.2     .7, ::7           .7, ::7   192.168.22.2   .7, ::7
#   fd00:22::2                                     fd00:22::2
#   2001:db8:22::2              air                2001:db8:22::2
#                                |
#                              laptop: wlan0
#
# "air" is a bridge between the laptop and the one router that it currently hears.  If another router is plugged into it
# while wlan0's far end is down, this is a roam that the laptop sees as carrier loss.  If the far end is up, the laptop
# doesn't see it at all.

NAS4=192.168.22.2
NAS6=fd00:22::2
NASG=2001:db8:22::2
HOME4=192.168.22.1
HOME6=fd00:22::1
HOMEG=2001:db8:22::1
CAFE4=10.66.0.1
WEB4=198.51.100.80
WEB6=2001:db8:80::80
ABROAD4=203.0.113.200
ABROAD6=2001:db8:ff::200
LAPTOP_HOME4=192.168.22.33
LAPTOP_CAFE4=10.66.0.33
LAPTOP_MAC=02:00:00:00:00:33
HOME_MAC=02:22:00:00:00:01
CAFE_MAC=02:66:00:00:00:01
EVIL_MAC=02:99:00:00:00:01

LAB_ROUTERS=(home cafe evil)
LAB_HOSTS=(inet abroad home nas guest-home cafe guest-cafe evil impostor guest-evil air)

lab_topology_up ()
{
  local host

  mkdir -p /run/netns
  for host in "${LAB_HOSTS[@]}"; do
    ip netns add "$host" || lab_die "cannot make network namespaces here"
  done
  # No duplicate address detection, because it takes a second for every address.  No addresses except those on the map.
  for host in "${LAB_HOSTS[@]}"; do
    on "$host" bash -c 'cd /proc/sys/net/ipv6/conf
      for name in accept_dad accept_ra; do echo 0 >default/$name; echo 0 >all/$name; done' &
  done
  wait
  lab_links
  lab_addresses
}

# switch HOST NAME MAC: a bridge that forwards at once.
lab_switch ()
{
  echo "link add $2 netns $1 address $3 type bridge stp_state 0 forward_delay 0 mcast_snooping 0"
}

# cable HOST NAME MAC HOST NAME
lab_cable ()
{
  echo "link add $2 netns $1 address $3 type veth peer name $5 netns $4"
}

lab_links ()
{
  {
    lab_switch inet net 02:ff:00:00:00:01
    lab_switch home lan "$HOME_MAC"
    lab_switch cafe lan "$CAFE_MAC"
    lab_switch evil lan "$EVIL_MAC"
    lab_switch air air 02:0a:00:00:00:01
    lab_cable abroad wan 02:ff:00:00:02:00 inet abroad
    lab_cable home wan 02:ff:00:00:00:22 inet home
    lab_cable cafe wan 02:ff:00:00:00:66 inet cafe
    lab_cable evil wan 02:ff:00:00:00:99 inet evil
    lab_cable nas eth0 02:22:00:00:00:02 home nas
    lab_cable impostor eth0 02:99:00:00:00:02 evil impostor
    lab_cable guest-home eth0 02:22:00:00:00:07 home guest
    lab_cable guest-cafe eth0 02:66:00:00:00:07 cafe guest
    lab_cable guest-evil eth0 02:99:00:00:00:07 evil guest
    lab_cable home air 02:22:00:00:00:0a air home
    lab_cable cafe air 02:66:00:00:00:0a air cafe
    lab_cable evil air 02:99:00:00:00:0a air evil
    # It gets an index of its own, because the kernel reports a veth's carrier loss at once only if its index differs
    # from its peer's.  Otherwise it may take its time, as with a network card (LAB_CARD).
    echo "link add wlan0 index 333 address $LAPTOP_MAC type veth peer name laptop ${LAB_CARD:+index 333} netns air"
  } | ip -batch - || lab_die "cannot make links"
}

lab_addresses ()
{
  # The kernel must not make up addresses on ports of bridges.
  ip -n inet -batch - <<'END'
link set lo up
link set net up
link set abroad master net up
link set home master net up
link set cafe master net up
link set evil master net up
addr add 203.0.113.1/24 dev net
addr add 2001:db8:ff::1/64 dev net
addr add 198.51.100.80/32 dev lo
addr add 2001:db8:80::80/128 dev lo
END
  lab_address_host abroad wan 203.0.113.200/24 2001:db8:ff::200/64 203.0.113.1 2001:db8:ff::1
  lab_address_router home 22 192.168.22.1/24 fd00:22::1/64 2001:db8:22::1/64
  lab_address_router cafe 66 10.66.0.1/24 fd00:66::1/64
  lab_address_router evil 99 192.168.22.1/24 fd00:22::1/64 2001:db8:22::1/64
  lab_address_host nas eth0 192.168.22.2/24 fd00:22::2/64 192.168.22.1 fd00:22::1
  lab_address_host impostor eth0 192.168.22.2/24 fd00:22::2/64 192.168.22.1 fd00:22::1
  ip -n nas addr add 2001:db8:22::2/64 dev eth0
  ip -n impostor addr add 2001:db8:22::2/64 dev eth0
  lab_address_host guest-home eth0 192.168.22.7/24 fd00:22::7/64 192.168.22.1 fd00:22::1
  lab_address_host guest-cafe eth0 10.66.0.7/24 fd00:66::7/64 10.66.0.1 fd00:66::1
  lab_address_host guest-evil eth0 192.168.22.7/24 fd00:22::7/64 192.168.22.1 fd00:22::1
  ip -n air -batch - <<'END'
link set lo up
link set air up
link set laptop master air
link set home up
link set cafe up
link set evil up
END
  ip link set lo up
}

lab_address_host ()
{
  local host=$1 device=$2 address4=$3 address6=$4 gateway4=$5 gateway6=$6

  ip -n "$host" -batch - <<END
link set lo up
link set $device up
addr add $address4 dev $device
addr add $address6 dev $device
route add default via $gateway4
route add default via $gateway6
END
}

lab_address_router ()
{
  local router=$1 number=$2 address
  shift 2

  {
    echo "link set lo up"
    echo "link set lan up"
    case $router in
      home) echo "link set nas master lan up" ;;
      evil) echo "link set impostor master lan up" ;;
    esac
    echo "link set guest master lan up"
    echo "link set air master lan up"
    for address; do
      echo "addr add $address dev lan"
    done
    echo "link set wan up"
    echo "addr add 203.0.113.$number/24 dev wan"
    echo "addr add 2001:db8:ff::$number/64 dev wan"
    echo "route add default via 203.0.113.1"
    echo "route add default via 2001:db8:ff::1"
  } | ip -n "$router" -batch -
  on "$router" bash -c '
    echo 1 >/proc/sys/net/ipv4/ip_forward
    echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
    iptables-legacy -t nat -A POSTROUTING -o wan -j MASQUERADE
    ip6tables-legacy -t nat -A POSTROUTING -o wan -j MASQUERADE'
}
