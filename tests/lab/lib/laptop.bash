# SPDX-License-Identifier: GPL-2.0-or-later
# The laptop's own system: the bus, and NetworkManager with two profiles.  The bus starts its dispatcher, polkitd and
# nm-divert's helper.

HOME_UUID=11111111-2222-4333-8444-000000000022
CAFE_UUID=11111111-2222-4333-8444-000000000066

lab_laptop_up ()
{
  # If /sys is read-only, NetworkManager needs no udev.
  mount -t sysfs -o ro lab /sys
  echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad
  echo 0 >/proc/sys/net/ipv6/conf/wlan0/accept_dad
  lab_nm_config
  mkdir -p /run/dbus
  spawn dbus dbus-daemon --system --nofork --nopidfile
  until_true 20 test -S /run/dbus/system_bus_socket || lab_die "no system bus"
  lab_nm_start
}

lab_nm_config ()
{
  # The host's own profiles and scripts are not the laptop's.
  rm -rf /etc/NetworkManager
  mkdir -p /etc/NetworkManager/system-connections
  cat >/etc/NetworkManager/NetworkManager.conf <<'END'
[main]
plugins=keyfile
dhcp=internal
dns=none
rc-manager=unmanaged
systemd-resolved=false
no-auto-default=*
hostname-mode=none
[connectivity]
enabled=false
[logging]
level=INFO
END
  lab_nm_profile home "$HOME_UUID" true
  lab_nm_profile cafe "$CAFE_UUID" false
}

# lab_nm_profile ID UUID AUTOCONNECT
lab_nm_profile ()
{
  local file=/etc/NetworkManager/system-connections/$1.nmconnection

  cat >"$file" <<END
[connection]
id=$1
uuid=$2
type=ethernet
interface-name=wlan0
autoconnect=$3
[ipv4]
method=auto
[ipv6]
method=auto
addr-gen-mode=eui64
ip6-privacy=0
END
  chmod 600 "$file"
}

lab_nm_start ()
{
  spawn NetworkManager NetworkManager --no-daemon
  until_true 20 lab_nm_runs || lab_die "NetworkManager does not start"
}

lab_nm_stop ()
{
  reap NetworkManager
}

lab_nm_runs ()
{
  [[ $(nmcli -t -f RUNNING general 2>/dev/null) == running ]]
}

# Do all servers answer?  (They were started without waiting for each.)
lab_ready ()
{
  local host

  for host in home nas cafe evil impostor guest-home guest-cafe guest-evil inet; do
    until_true 20 grep -qs ready "$LAB_LOGS/probe-$host.log" || lab_die "the probe at $host does not start"
  done
  for host in home abroad; do
    until_true 20 listens "$host" tcp "$LAB_SS_PORT" || lab_die "ss-server at $host does not start"
  done
  until_true 20 listens laptop tcp "$LAB_TPROXY_PORT" || lab_die "v2ray does not start"
}

# listens HOST tcp|udp PORT
listens ()
{
  [[ -n $(on "$1" ss "-Hln${2:0:1}" "sport = :$3") ]]
}
