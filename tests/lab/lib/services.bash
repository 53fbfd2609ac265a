# SPDX-License-Identifier: GPL-2.0-or-later
# What runs on the hosts other than the laptop: dnsmasq on the routers, ss-server at home and abroad, and a probe that
# answers on every host. $LAB_LOGS/HOST.seen lists everything that reached a host's probe.

LAB_SS_PORT=8388
LAB_SS_KEY=lab-password
LAB_SS_METHOD=aes-256-gcm
# More options for every dnsmasq, such as short renewal times.
LAB_DHCP_OPTIONS=()
# The ports on which each host's probe answers. A sink listens on 9000.
LAB_PORTS=(80 443 445)

lab_services_up ()
{
  local router host

  lab_dnsmasq home "$LAPTOP_HOME4"
  lab_dnsmasq cafe "$LAPTOP_CAFE4"
  lab_dnsmasq evil "${LAB_EVIL_LEASE-$LAPTOP_HOME4}"
  for host in home abroad; do
    # -s twice, with IPv6 first, so that a name or address of either family works.
    spawn "ss-$host" on "$host" ss-server -s :: -s 0.0.0.0 -p "$LAB_SS_PORT" -k "$LAB_SS_KEY" -m "$LAB_SS_METHOD" -u -v
  done
  for host in home nas cafe evil impostor guest-home guest-cafe guest-evil; do
    spawn "probe-$host" on "$host" "$LAB_PROBE" serve "$host" "$LAB_LOGS/$host.seen" "${LAB_PORTS[@]}"
  done
  spawn probe-inet on inet "$LAB_PROBE" serve inet "$LAB_LOGS/inet.seen" "${LAB_PORTS[@]}" 53
  for host in inet nas; do
    spawn "sink-$host" on "$host" "$LAB_PROBE" sink "$LAB_LOGS/$host.sunk" 9000
  done
}

# Each router's resolver says in a TXT record that it was the one that was asked.
lab_dnsmasq ()
{
  local router=$1 address=$2

  spawn "dnsmasq-$router" on "$router" dnsmasq --keep-in-foreground --log-facility=- --conf-file=/dev/null \
    --user=root --pid-file= --no-resolv --no-hosts --no-ping --interface=lan --bind-interfaces \
    --dhcp-leasefile="/run/lab/$router.leases" --dhcp-authoritative \
    --dhcp-range="${address%.*}.100,${address%.*}.200,255.255.255.0,2m" \
    --dhcp-host="$LAPTOP_MAC,$address" --dhcp-sequential-ip \
    --dhcp-range=::,constructor:lan,ra-only --enable-ra --ra-param=lan,0,600 \
    --txt-record="whoami.lab,$router" "${LAB_DHCP_OPTIONS[@]}"
}

# tests/packages unpacks it there.
LAB_RESOLVED=/var/lib/nm-divert-tests/systemd-resolved

# lab_resolved CACHE: systemd-resolved on the laptop, as packaged.  CACHE: yes or no.
lab_resolved ()
{
  local directory

  for directory in "$LAB_RESOLVED"/*; do
    cp -a "$directory/." "/${directory##*/}/" || lab_die "systemd-resolved is not there"
  done
  useradd --system --no-create-home systemd-resolve 2>/dev/null
  install -d -o systemd-resolve -g "$(id -g systemd-resolve)" /run/systemd/resolve
  printf '%s\n' '[Resolve]' DNSSEC=no LLMNR=no MulticastDNS=no Cache="$1" FallbackDNS= >/etc/systemd/resolved.conf
  gdbus call --system -d org.freedesktop.DBus -o /org/freedesktop/DBus -m org.freedesktop.DBus.ReloadConfig >/dev/null
  spawn resolved /lib/systemd/systemd-resolved
}
